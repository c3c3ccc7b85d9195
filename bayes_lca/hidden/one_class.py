"""Sum hidden classes out of a likelihood: pure tensor functions."""

import pytensor.tensor as pt


def sum_out_class(class_logits, log_answers):
    r"""Log-likelihood of answers when nobody knows the class.

    .. math:: \log \sum_c \frac{\exp \eta_c}{\sum_d \exp \eta_d}\, p(y \mid c)

    Parameters
    ----------
    class_logits : TensorVariable, shape (latent_class, row) or (latent_class, 1)
        Class logits :math:`\eta_c`, up to a constant.
    log_answers : TensorVariable, shape (latent_class, row)
        :math:`\log p(y \mid c)`.

    Returns
    -------
    TensorVariable, shape (row,)
        Classes lie on the first axis, so that the sum over a few of them runs along contiguous rows.
    """
    return pt.logsumexp(class_logits + log_answers, axis=0) - pt.logsumexp(class_logits, axis=0)
