"""The codes of the training tiles, which `vqvae-sprites` carries; how well they find a copy's original."""

import argparse
import json
from pathlib import Path

import numpy as np
import torch
from safetensors.torch import save_file

from genmodels.autoencoders import neighbours
from genmodels.autoencoders.vqvae import VQVAE, from_rgba
from genmodels.data import tiles
from training import card


@torch.no_grad()
def finish_neighbours(model: VQVAE, folder: Path, args: argparse.Namespace) -> None:
    """The codes of the training tiles; how far from them the held-out ones are; whether a copy that was
    made noisy (0.4) or moved finds its original."""
    found = tiles.dataset(args.data, args.runs)
    x = from_rgba(tiles.rgba(found.indices, found.palettes))
    codes = torch.cat([model.codes(part) for part in x.split(250)])
    kept, held_out = (torch.from_numpy(np.flatnonzero(found.split == k)) for k in (0, 1))
    names = json.dumps([found.names[i] for i in kept])
    table = neighbours.packed(codes[kept]) | {"kind": torch.from_numpy(found.kind)[kept]}
    save_file(table, folder / neighbours.FILE, metadata={"names": names})
    away = neighbours.nearest(codes[held_out], codes[kept], model.codebook)[1]
    shaken = {"noisy": x[kept] + 0.4 * torch.randn(x[kept].shape, generator=torch.Generator().manual_seed(0))}
    shaken["moved"] = x[kept].roll(-1, 3)  # by one pixel, to the left
    right = {}
    for how, copies in shaken.items():  # of every fifth tile
        seen = model.codes(copies[::5].clamp(-1, 1))
        index = neighbours.nearest(seen, codes[kept], model.codebook)[0]
        right[f"found_{how}"] = (index == torch.arange(len(kept))[::5]).float().mean().item()
    low, middle, high = away.quantile(torch.tensor([0.1, 0.5, 0.9])).tolist()
    facts = {"tiles": len(kept), "near": low, "typical": middle, "far": high, **right}
    card.record(folder, neighbours={k: round(v, 3) for k, v in facts.items()})
