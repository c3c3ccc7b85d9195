"""What the synthetic cohort takes from the published study, and what is chosen in its place.

The study is Tian, Deng, Gan & Bai (2025), doi 10.3390/healthcare13222846.

From the paper: the margins (group, role, gender, age, education, department, title), the evaluation scores
and tiers, the quartiles of participation and attitude, the names and shares of the classes, and the
significant coefficients of its Tables 5 and 6. Chosen here, because the paper does not print it:

- the item probabilities, made to match the paper's description of its classes;
- the random intercepts of the groups, Normal(0, 0.4) on each class logit and the same for both roles;
- which score belongs to which group (the order printed) and which group lies in which city (alternating);
- the distributions of participation and attitude between their quartiles;
- independence: every column is shuffled on its own, but for score, tier and city, which belong to the group;
- slopes of 0 where none is printed, as far as the contrasts of classes stay consistent (see `SLOPES`).
"""

import numpy as np
import pandas as pd

ITEMS = ("compensation", "workload", "promotion", "training", "recognition", "expertise")
ANSWER_LEVELS = ("decrease", "no change", "increase")
CLASS_DESCRIPTIONS = ("Limited Growth", "Skill Recognition", "Comprehensive Growth")
CLASS_SHARE = (0.324, 0.356, 0.320)
CONTRASTS = ("C2_vs_C1", "C3_vs_C1")

GROUPS = pd.DataFrame(
    {
        "group": pd.Categorical(["G1", "G2", "G3", "G4", "G5", "G6"]),
        "city": pd.Categorical(["Qiqihar", "Hefei"] * 3, ["Qiqihar", "Hefei"]),
        "score": [3.87, 8.11, 15.56, 19.96, 22.02, 28.25],
        "tier": pd.Categorical.from_codes([0, 0, 1, 1, 2, 2], ["low", "medium", "high"], ordered=True),
    }
)
GROUP_SIZES = (429, 750, 506, 326, 165, 24)
MARGINS = {
    "role": {"lead": 942, "member": 1258},
    "gender": {"female": 1558, "male": 642},
    "age": {"<=30": 321, "31-40": 992, "41-50": 674, ">50": 213},
    "education": {"college or below": 398, "undergraduate": 1432, "postgraduate": 370},
    "department": {"selected clinical": 781, "general": 533, "ancillary": 543, "other": 343},
    "title": {"none": 129, "junior": 625, "intermediate": 945, "senior": 369, "highest": 132},
}
ORDERED = ("age", "education", "title")
SCALES = {  # from 0 to 10 in equal steps: respondents in a hundred at each
    "participation": (11, 9, 11, 12, 14, 8, 7, 12, 16),
    "attitude": (1, 0, 0, 1, 0, 0, 3, 1, 2, 3, 4, 5, 80),
}

# fmt: off
INCREASE = [[0.05, 0.35, 0.04, 0.15, 0.10, 0.08],  # (latent_class, item)
            [0.15, 0.45, 0.12, 0.62, 0.88, 0.82],
            [0.75, 0.55, 0.80, 0.95, 0.97, 0.97]]
DECREASE = [[0.25, 0.15, 0.15, 0.10, 0.08, 0.08],
            [0.12, 0.12, 0.08, 0.03, 0.01, 0.02],
            [0.02, 0.20, 0.01, 0.01, 0.005, 0.005]]
# fmt: on
ITEM_PROBABILITY = np.stack([DECREASE, 1 - np.add(DECREASE, INCREASE), INCREASE], axis=-1)

# Log odds of C2 and C3 against C1, as printed. Where one of them is printed beside C3 vs C2, the other comes
# from C3 vs C1 = C3 vs C2 + C2 vs C1; where C3 vs C2 is printed alone, C2 vs C1 is 0. References: > 50 years,
# postgraduate, ancillary department, low tier. For the high tier of lead hospitals the paper prints C3 vs C2
# as 1.098, used here, beside an odds ratio of 2.244 that contradicts it.
SLOPES = {
    "participation": {"lead": (0.228, 0.341), "member": (0.167, 0.341)},
    "attitude": {"lead": (0.192, 1.594), "member": (0.195, 0.994)},
    "age[<=30]": {"lead": (0, 0), "member": (0, 0.654)},
    "age[31-40]": {"lead": (0, 0), "member": (0, 0)},
    "age[41-50]": {"lead": (-0.824, -0.824 + 0.807), "member": (0, 0)},
    "education[college or below]": {"lead": (0, 0), "member": (0, 1.307)},
    "education[undergraduate]": {"lead": (0, 0), "member": (0, 0.815)},
    "department[selected clinical]": {"lead": (0, 0), "member": (1.071 - 0.798, 1.071)},
    "department[general]": {"lead": (-0.922 + 0.855, -0.922), "member": (-0.920 + 0.802, -0.920)},
    "department[other]": {"lead": (-1.422, -2.007), "member": (-0.957 + 0.750, -0.957)},
    "tier[medium]": {"lead": (0, -0.689), "member": (0, 0)},
    "tier[high]": {"lead": (0.411, 0.411 + 1.098), "member": (0, 0)},
}
