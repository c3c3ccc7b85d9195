#!/usr/bin/env bash
# PyTensor 3.3.7 compiled to JAX 0.12.0.1: values masked before they are used have a gradient that is not a number.
#
# The usual remedy for infinite values under a switch is to replace them first and to compute with what is left. PyTensor's
# rewrites move the product into the switch again: switch(isinf(y), 0, y) * b becomes switch(isinf(y), 0, y * b). The
# value is the same, and so is PyTensor's own gradient. But samplers that take the compiled function and let JAX
# differentiate it (nutpie's and NumPyro's way) differentiate the rewritten form, where 0 times infinity is not a number.
# The same three lines written in JAX have the gradient 3.
# Needs Python 3.12 or newer.
set -euo pipefail
folder=$(mktemp -d)
trap 'rm -rf "$folder"' EXIT
"${PYTHON:-python3}" -m venv "$folder/env"
"$folder/env/bin/python" -m pip install --quiet --disable-pip-version-check pytensor==3.3.7 jax==0.12.0.1
"$folder/env/bin/python" - <<'PYTHON'
import jax
import jax.numpy as jnp
import numpy as np
import pytensor
import pytensor.tensor as pt

jax.config.update("jax_enable_x64", True)
print("pytensor", pytensor.__version__, "jax", jax.__version__)
y, b = pt.dvector("y"), pt.dscalar("b")
total = (pt.switch(pt.isinf(y), 0.0, y) * b).sum()
data = np.array([1.0, 2.0, np.inf])
compiled = pytensor.function([y, b], total, mode="JAX")
value = float(compiled(data, 0.5))
of_compiled = float(jax.grad(lambda b: compiled.vm.jit_fn(data, b)[0])(0.5))
of_pytensor = float(pytensor.function([y, b], pytensor.grad(total, b), mode="JAX")(data, 0.5))
of_jax = float(jax.grad(lambda b: (jnp.where(jnp.isinf(data), 0.0, data) * b).sum())(0.5))
print("value", value)
print("gradient by JAX of the compiled function", of_compiled)
print("gradient by PyTensor", of_pytensor)
print("gradient by JAX of the same written in JAX", of_jax)
raise SystemExit(0 if value == 1.5 and np.isnan(of_compiled) and of_pytensor == of_jax == 3.0 else 1)
PYTHON
