"""Logits of transitions, as those of staying on the diagonal and those of moving to other classes beside it."""

import numpy as np
import pytensor.tensor as pt


def around_diagonal(stay, others):
    """Logits of staying (step, class) on the diagonal, those of other classes (step, class, other) beside it.

    Returns
    -------
    TensorVariable, shape (step, origin, destination)
    """
    n_classes = stay.type.shape[-1]
    origin, place = np.nonzero(~np.eye(n_classes, dtype=bool))
    tau = pt.zeros((stay.shape[0], n_classes, n_classes))
    tau = tau[:, origin, place].set(others.reshape((others.shape[0], -1)))
    return tau[:, np.arange(n_classes), np.arange(n_classes)].set(stay)


def off_diagonal(log_transition: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """The reverse: logits of staying, and of other classes, less their mean.

    Examples
    --------
    >>> off_diagonal(np.log([[[0.5, 0.25, 0.25], [0.2, 0.6, 0.2], [0.1, 0.1, 0.8]]]))[0].round(2)
    array([[0.69, 1.1 , 2.08]])
    """
    n_classes = log_transition.shape[-1]
    diagonal = np.eye(n_classes, dtype=bool)
    others = log_transition[:, ~diagonal].reshape(-1, n_classes, n_classes - 1)
    middle = others.mean(axis=-1, keepdims=True)
    return log_transition[:, diagonal] - middle[..., 0], others - middle
