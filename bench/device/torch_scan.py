# SPDX-License-Identifier: Apache-2.0
"""torch_scan.py FILE: microseconds of the scan composed of PyTorch's operations, on its device."""
import json
import sys
import time

import torch


def scan(u, delta, a, b, c, d, bias):
    """u, delta (B, D, L); a (D, N); b, c (B, N, L); one step of the recurrence after another."""
    step = torch.nn.functional.softplus(delta + bias[:, None])
    decay = torch.exp(step[..., None] * a[:, None, :])  # (B, D, L, N)
    entry = (step * u)[..., None] * b.transpose(1, 2)[:, None]  # (B, D, L, N)
    h = torch.zeros_like(decay[:, :, 0])
    ys = []
    for t in range(u.shape[2]):
        h = decay[:, :, t] * h + entry[:, :, t]
        ys.append((h * c[:, None, :, t]).sum(-1))
    return torch.stack(ys, 2) + u * d[:, None]


def main():
    results = []
    for batches, width, length in [(1, 2048, 4096), (4, 1024, 4096)]:
        g = torch.Generator("cuda").manual_seed(1)

        def normal(*shape):
            return torch.randn(shape, generator=g, device="cuda")

        args = (normal(batches, width, length), normal(batches, width, length), -torch.rand(
            width, 16, generator=g, device="cuda") - 0.1, normal(batches, 16, length),
                normal(batches, 16, length), normal(width), normal(width))
        with torch.no_grad():
            scan(*args)
            torch.cuda.synchronize()
            times = []
            for _ in range(5):
                start = time.perf_counter()
                scan(*args)
                torch.cuda.synchronize()
                times.append((time.perf_counter() - start) * 1e6)
        results.append({"shape": f"{batches}x{width}x{length}", "pass": "forward", "us": sorted(times)[2]})
        print(results[-1], flush=True)
    with open(sys.argv[1], "w") as f:
        json.dump({"torch": torch.__version__, "device": torch.cuda.get_device_name(), "results": results}, f, indent=1)


main()
