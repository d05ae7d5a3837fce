"""How soon the page answers: `python app.py` against the smallest Gradio app, each in a process of its own.

The only benchmark that can't share a process with its peer: what is timed is the process. Byte code is made
beforehand, as pip did for Gradio's: a second start is timed.
"""

import compileall
import os
import socket
import subprocess
import sys
import time
import urllib.request
from pathlib import Path
from statistics import median

from genmodels.machine import read

ROOT = Path(__file__).resolve().parent.parent
EMPTY = (
    "import os, gradio as gr\n"
    "with gr.Blocks(analytics_enabled=False) as demo:\n"
    "    gr.Markdown('# empty')\n"
    "demo.launch(server_port=int(os.environ['LATENTE_PORT']), quiet=True, ssr_mode=False)\n"
)


def processor(pid: int) -> float:
    """Seconds of processor that a process has used; 0 where Linux does not tell."""
    fields = read(f"/proc/{pid}/stat").rpartition(")")[2].split()
    return sum(map(int, fields[11:13])) / os.sysconf("SC_CLK_TCK") if fields else 0.0


def seconds(command: list[str]) -> tuple[float, float, bool]:
    """From the start of the process to its first page, by the clock and by its processor; is it whole?"""
    with socket.socket() as s:
        s.bind(("127.0.0.1", 0))
        port = s.getsockname()[1]
    quiet = {
        "LATENTE_PORT": str(port),
        "GRADIO_ANALYTICS_ENABLED": "False",
        "NO_PROXY": "127.0.0.1,localhost",
    }
    start = time.perf_counter()
    process = subprocess.Popen(command, cwd=ROOT, env=os.environ | quiet, stdout=subprocess.DEVNULL)
    try:
        while process.poll() is None:
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}/", timeout=5) as page:
                    whole = page.read().rstrip().endswith(b"</html>")
                return time.perf_counter() - start, processor(process.pid), whole
            except OSError:
                time.sleep(0.02)
        raise RuntimeError(f"{command} ended before it answered")
    finally:
        process.terminate()
        process.wait()


def run(rounds: int, small: bool) -> dict[str, object]:
    """Medians over rounds in turn. They agree if every page came whole."""
    for folder in ("demos", "genmodels"):
        compileall.compile_dir(ROOT / folder, quiet=1)
    commands = {"ours": [sys.executable, "app.py"], "peer": [sys.executable, "-c", EMPTY]}
    times: dict[str, list[tuple[float, float, bool]]] = {name: [] for name in commands}
    for _ in range(1 if small else rounds):
        for name, command in commands.items():
            times[name].append(seconds(command))
    (ours, own, _), (peer, its, _) = (map(median, zip(*times[n], strict=True)) for n in ("ours", "peer"))
    return {
        "what": "from the command to the first page",
        "peer_name": "an empty Gradio app",
        "ours": ours,
        "peer": peer,
        "ratio": peer / ours,
        "unit": "s",
        "of_processor": {"ours": own, "peer": its},
        "agree": all(whole for found in times.values() for *_, whole in found),
    }
