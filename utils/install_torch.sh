#!/usr/bin/env bash
# SPDX-License-Identifier: Apache-2.0
# Installs PyTorch for the importer's tests into a virtual environment: utils/install_torch.sh VENV [WHEEL]
#
# PyPI's Linux wheel of torch is the CUDA build. It is used on the CPU here, but its shared objects name CUDA libraries as NEEDED, so `import torch`
# fails without them. `pip install torch` would also bring triton, cusolver, nvrtc, nvtx and cuda-bindings, which nothing loads on the CPU; the list
# below is exactly what the dynamic linker asks for (`readelf -d torch/lib/*.so`), plus nvjitlink, which libcusparse needs. About 2.2 GB of downloads.
# Seen to work with Python 3.11 on x86-64: import, torch.export, training, all on the CPU, `torch.cuda.is_available()` is False.
set -euo pipefail
venv=${1:?usage: utils/install_torch.sh VENV [WHEEL]}
torch=${2:-torch==2.11.0}

# What torch imports at run time (pure Python, markupsafe apart). sympy 1.14 needs mpmath below 1.4.
python_packages=(
  "sympy==1.14.0" "mpmath>=1.1,<1.4" "networkx>=2.5.1" "jinja2" "markupsafe" "fsspec" "filelock" "typing_extensions>=4.10" "setuptools<82"
)
# The versions that torch 2.11.0 pins.
cuda_libraries=(
  "nvidia-cuda-runtime==13.0.96" "nvidia-cuda-cupti==13.0.85" "nvidia-cufile==1.15.1.6" "nvidia-cublas==13.1.0.3" "nvidia-cufft==12.0.0.61"
  "nvidia-curand==10.4.0.35" "nvidia-cusparse==12.6.3.3" "nvidia-nvjitlink==13.0.88" "nvidia-cudnn-cu13==9.19.0.56"
  "nvidia-cusparselt-cu13==0.8.0" "nvidia-nccl-cu13==2.28.9" "nvidia-nvshmem-cu13==3.4.5"
)

works() { "$venv/bin/python" -c 'import torch, torch.export, numpy; assert torch.__version__.startswith("2.11.")' >/dev/null 2>&1; }

works && exit 0
pip() { "$venv/bin/python" -m pip install -q --disable-pip-version-check "$@"; }
pip numpy
pip --no-deps "${python_packages[@]}"
pip --no-deps "${cuda_libraries[@]}"
pip --no-deps "$torch"
works || { echo "install_torch.sh: torch is installed but cannot be imported:" >&2; "$venv/bin/python" -c 'import torch, torch.export'; }
