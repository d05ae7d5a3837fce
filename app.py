"""The gallery. `python app.py` opens it; `python app.py --help` says what can be chosen.

Every flag is also an environment variable (LATENTE_PORT for --port), because a Space has no command line.
"""

import argparse
import contextlib
import gc
import os
import threading

if __name__ == "__main__":
    gc.disable()  # until the page is served, and torch imported: nearly all that is made before stays

os.environ.setdefault("GRADIO_ANALYTICS_ENABLED", "False")  # read when gradio is imported
os.environ.setdefault("OPENBLAS_NUM_THREADS", str(max(1, (os.cpu_count() or 2) - 1)))  # numpy's; as torch's
local = ["localhost", "127.0.0.1", "::1"]  # gradio asks itself at launch, which a proxy can't answer
os.environ["NO_PROXY"] = os.environ["no_proxy"] = ",".join(
    [*filter(None, [os.environ.get("NO_PROXY")]), *local]
)

with contextlib.suppress(ImportError):
    import spaces  # noqa: F401  on a ZeroGPU Space it must come before torch

import gradio as gr  # noqa: E402

from demos.kit.card import order  # noqa: E402
from demos.kit.page import build, serving  # noqa: E402
from genmodels.settings import bytes_of, configure  # noqa: E402

TRUE = {"1", "true", "yes", "on"}


def flags(argv: list[str] | None = None) -> argparse.Namespace:
    parser = argparse.ArgumentParser("app.py", description="Latente, a gallery of generative models.")

    def flag(name: str, default: str, text: str, **kwargs: object) -> None:
        value = os.environ.get(f"LATENTE_{name.upper().replace('-', '_')}", default)
        parser.add_argument(f"--{name}", default=value, help=f"{text} (default: {value or 'none'})", **kwargs)

    def switch(name: str, text: str) -> None:
        on = os.environ.get(f"LATENTE_{name.upper()}", "").lower() in TRUE
        parser.add_argument(f"--{name}", action=argparse.BooleanOptionalAction, default=on, help=text)

    switch("share", "make a public link that lasts about a week (needs the network)")
    flag("host", "", "address to listen on; 0.0.0.0 lets a classroom in")
    flag("port", "", "port; the first free one from 7860 otherwise")
    flag("lang", "", "en or es for whoever has not chosen; the browser's language otherwise")
    flag("device", "auto", "auto, cpu, mps, cuda or cuda:1")
    switch("offline", "never ask the Hub")
    flag("models-memory", "", "budget of loaded models, such as 4GiB; half of the free memory otherwise")
    flag("preload", "", "tabs whose models to load before the first click: all, or names with commas")
    args = parser.parse_args(argv)
    if args.lang not in ("", "en", "es"):
        parser.error(f"--lang is en or es, not {args.lang!r}")
    if unknown := set(args.preload.split(",")) - {"", "all", *order()}:
        parser.error(f"--preload: no tab called {', '.join(sorted(unknown))}; there are {', '.join(order())}")
    try:
        bytes_of(args.models_memory or "0")
    except ValueError as e:
        parser.error(f"--models-memory: {e}")
    if args.port and not args.port.isdigit():
        parser.error(f"--port is a number, not {args.port!r}")
    return args


def warm(demo: gr.Blocks, preload: str) -> None:
    """Behind the page: import torch, and take the first step of the tabs asked for, to load their models."""
    try:
        from genmodels import runtime

        runtime.device()
    finally:  # once for all that has been made, and never again
        gc.collect()
        gc.freeze()
        gc.enable()
    stems = list(demo.tabs) if preload == "all" else [s for s in preload.split(",") if s]
    for stem in stems:
        demo.tabs[stem].first_step()


def main() -> None:
    args = flags()
    zero = os.environ.get(
        "SPACES_ZERO_GPU"
    )  # there the models live on the CPU, and the GPU is lent by the call
    configure("cpu" if zero else args.device, args.models_memory or None, args.offline)
    demo = build(args.lang)
    demo.launch(
        share=args.share,
        server_name=args.host or None,
        server_port=int(args.port) if args.port else None,
        prevent_thread_lock=True,
        **serving(args.lang),
    )
    print(f"Latente: {demo.local_url}" + (f"  {demo.share_url}" if demo.share_url else ""), flush=True)
    threading.Thread(target=warm, args=[demo, args.preload], daemon=True).start()
    demo.block_thread()


if __name__ == "__main__":
    main()
