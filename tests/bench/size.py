"""Every statement of the language on a large store: seconds, memory, and how soon Ctrl-C stops it.

usage: size.py FOLDER [--only WORD,WORD] [--without-stops]

    cargo bench -- store /somewhere 100000      # 11 GB; `demo` at the end: the demo's small models, for a million images
    python tests/bench/size.py /somewhere               # VITSCOPE names another program than target/release/vitscope

First, how soon after its start the prompt is there. Then each statement runs alone on a pseudo terminal, as at a shell: `anon` is the most memory it held of its own, `mapped` the most
pages of the store's files that it had mapped, which the system takes back when it needs them; `bar` whether a progress bar was
shown, `quiet` the longest time without a change on the terminal. Then it runs again and is interrupted halfway: `stop` is the
time from SIGINT to its end; where it was as good as done, there is none. Last, the store is looked through.
"""
import argparse
import os
import pty
import re
import select
import signal
import subprocess
import sys
import time
from pathlib import Path

REPOSITORY = Path(__file__).resolve().parents[2]
PROGRAM = Path(os.environ.get("VITSCOPE", REPOSITORY / "target/release/vitscope"))
TEXTURE = "texture in vit on scenes"
STATEMENTS = [  # the first of them gathers the moments that most others read
    "rank components for texture in clip on scenes",
    "rank components for texture in vit on scenes",
    "rank heads for " + TEXTURE,
    "rank heads for " + TEXTURE + " by variance",
    "rank heads for " + TEXTURE + " by covariance",
    "rank heads for " + TEXTURE + " by order-free",
    "rank heads for " + TEXTURE + " by spearman",
    "rank layers for " + TEXTURE,
    "rank heads for " + TEXTURE + " where color = 'red'",
    "rank heads for color, texture, location, pattern in vit on scenes where id < 5000",
    "rank heads for " + TEXTURE + " with stability",
    "rank heads for " + TEXTURE + " via head 11.3",
    "rank neurons 11.* for " + TEXTURE + " limit 10",
    "features of head 11.3 in vit on scenes",
    "features of layer 11 in vit on scenes",
    "spans of head 11.3 in vit on scenes limit 10",
    "spans of layer 11 in vit on scenes limit 10",
    "compare heads for texture, color in vit on scenes",
    "compare heads for texture in vit, clip on scenes",
    "retrieve 8 images for \"a striped fish\" in vit on scenes using heads 11.0 to 11.2",
    "retrieve 8 images for \"beach\" in vit on scenes using top 3 heads for location",
    "retrieve 8 images for \"beach\" in vit on scenes where texture = 'furry'",
    "retrieve 8 images for \"beach\" in vit on scenes",
    "retrieve 8 images like scenes[17] in vit on scenes",
    "retrieve 8 images like scenes[17] by color in vit on scenes",
    "retrieve 8 images like scenes[17] in vit on scenes using heads 11.*",
    "heatmap of scenes[17] for \"striped\", \"beach\" in vit on scenes",
    "segment scenes for animal in vit limit 20",
    "classify scenes by label in vit",
    "classify scenes by label in vit without top 10 heads for location over texture",
    "ablate heads 11.* in vit measuring similarity on scenes",
    "ablate top 5 heads for texture in vit measuring accuracy with zero on scenes",
    "ablate top 5 heads for texture in vit measuring texture with resample on scenes",
    "ablate layers 11 to 6 cumulatively in vit measuring accuracy on scenes",
    "evaluate ranking of heads in vit on scenes",
    "evaluate ranking of components for texture in vit on scenes",
    "evaluate retrieval in vit on scenes",
    "evaluate ablation of heads in vit on scenes",
    "evaluate heatmaps for texture in vit on scenes where id < 60",
    "contributions of heads 11.* in vit on scenes aligned | save \"{tmp}/heads.parquet\"",
    "contributions of head 11.3 in vit on scenes",
    "representation of vit on scenes | save \"{tmp}/z.parquet\"",
    "sql \"select color, count(*) from scenes group by color\"",
    "check vit on scenes",
    "show images",
    "describe head 11.3 in vit",
    "align vit to clip on scenes",
    "sweep lambda 0.1 to 1 in vit to clip on scenes",
]


class Run:
    """A statement that runs on a terminal of its own."""

    def __init__(self, store, statement):
        self.started = time.monotonic()
        pid, self.terminal = pty.fork()
        if pid == 0:
            os.environ["TERM"] = "xterm"
            os.execv(PROGRAM, [str(PROGRAM), "--store", str(store), "--images", "none", "-c", statement])
        self.pid, self.output, self.status = pid, b"", None
        self.anon = self.mapped = 0
        self.last, self.quiet = self.started, 0.0

    def sizes(self):
        try:
            text = Path(f"/proc/{self.pid}/status").read_text()
        except OSError:
            return
        size = lambda name: int((re.search(name + r":\s+(\d+)", text) or [0, 0])[1]) / 1024
        self.anon = max(self.anon, size("RssAnon"))
        self.mapped = max(self.mapped, size("RssFile"))

    def go_on(self, until=float("inf")):
        """Lets it run until it ends or `until` seconds after its start; whether it has ended."""
        while time.monotonic() - self.started < until:
            if select.select([self.terminal], [], [], 0.01)[0]:
                try:
                    bytes = os.read(self.terminal, 1 << 16)
                except OSError:
                    bytes = b""
                now = time.monotonic()
                self.quiet, self.last = max(self.quiet, now - self.last), now
                self.output += bytes
                if not bytes:
                    self.status = os.waitstatus_to_exitcode(os.waitpid(self.pid, 0)[1])
                    self.seconds = time.monotonic() - self.started
                    os.close(self.terminal)
                    return True
            self.sizes()
        return False


def prompt(store):
    """Milliseconds from the start to the prompt."""
    started = time.monotonic()
    pid, terminal = pty.fork()
    if pid == 0:
        os.environ["TERM"] = "xterm"
        os.execv(PROGRAM, [str(PROGRAM), "--store", str(store), "--images", "none"])
    output = b""
    while b"> " not in output:
        output += os.read(terminal, 1 << 16)
    seconds = time.monotonic() - started
    os.kill(pid, signal.SIGKILL)
    os.waitpid(pid, 0)
    os.close(terminal)
    return 1e3 * seconds


def stop(store, statement, seconds):
    """Seconds from SIGINT, halfway, to the end; and whether it ended as cancelled."""
    run = Run(store, statement)
    if run.go_on(seconds / 2):
        return None
    pressed = time.monotonic()
    os.kill(run.pid, signal.SIGINT)
    run.go_on()
    return time.monotonic() - pressed if run.status == 130 else None


def main():
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("folder", type=Path)
    parser.add_argument("--only", default="")
    parser.add_argument("--without-stops", action="store_true")
    parser.add_argument("--most", type=float, default=240, help="seconds after which a statement is interrupted")
    options = parser.parse_args()
    store = options.folder / "store"
    prompts = sorted(prompt(store) for _ in range(9))
    print(f"first prompt after {prompts[4]:.0f} ms (median of 9; the slowest {prompts[8]:.0f})")
    print(f"{'statement':<96} {'s':>7} {'anon MB':>8} {'mapped MB':>9} {'bar':>4} {'quiet':>6} {'stop':>6}")
    for statement in STATEMENTS:
        statement = statement.replace("{tmp}", str(options.folder))
        if options.only and not any(word in statement for word in options.only.split(",")):
            continue
        run = Run(store, statement)
        if not run.go_on(options.most):
            pressed = time.monotonic()
            os.kill(run.pid, signal.SIGINT)
            run.go_on()
            stopped = time.monotonic() - pressed
        elif options.without_stops or run.seconds < 0.5:
            stopped = None
        else:
            stopped = stop(store, statement, run.seconds)
        bar = "yes" if re.search("left|elapsed".encode(), run.output) or "━".encode() in run.output else "no"
        said = run.output.decode(errors="replace") if run.status not in (0, 130) else ""
        said = " ".join(re.sub(r"\x1b\[[0-9;?]*[a-zA-Z]", "", said).split())[:160]
        stopped = f"{stopped:6.2f}" if stopped is not None else "     –"
        print(f"{statement:<96} {run.seconds:7.2f} {run.anon:8.0f} {run.mapped:9.0f} {bar:>4} {run.quiet:6.2f} {stopped} {said}", flush=True)
    for left in options.folder.glob("*.parquet"):
        left.unlink()
    for statement in ("decompose scenes with vit", "decompose scenes with clip precision f16"):  # reads every part's checksum
        whole = subprocess.run([PROGRAM, "--store", store, "-c", statement], capture_output=True, text=True)
        print(whole.stderr, file=sys.stderr)


if __name__ == "__main__":
    main()
