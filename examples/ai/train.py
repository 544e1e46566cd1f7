"""Trains a small neural network on handwritten-like digits, and can be stopped and started again at any moment.

It keeps to the contract of Hashwarm's jobs, which is the same on this machine and on a Ray cluster: SIGTERM means save
and exit with 75, exit 0 means done, and lines of JSON on the output tell progress and checkpoints. However often it was
interrupted, the trained weights are the same to the last bit, for every step draws its examples from a generator of its
own. Needs numpy; without HASHWARM_CHECKPOINT_DIR it saves nothing and can be run by hand.
"""

import argparse
import json
import os
from pathlib import Path
import signal
import sys
import time

import numpy as np
from numpy.typing import NDArray

type Array = NDArray[np.float64]

EXIT_SAVED = 75
PIXELS = 64
DIGITS = 10
RATE = 0.2
GLYPHS = (
    *("0110 1001 1001 1001 0110", "0010 0110 0010 0010 0111", "0110 1001 0010 0100 1111", "1110 0001 0110 0001 1110"),
    *("0010 0110 1010 1111 0010", "1111 1000 1110 0001 1110", "0110 1000 1110 1001 0110", "1111 0001 0010 0100 0100"),
    *("0110 1001 0110 1001 0110", "0110 1001 0111 0001 0110"),
)


def glyphs() -> Array:
    """Return the ten digits as they would look without noise, 8 by 8 pixels each."""
    images = np.zeros((DIGITS, 8, 8))
    for digit, text in enumerate(GLYPHS):
        images[digit, 1:6, 2:6] = [[float(pixel) for pixel in row] for row in text.split()]
    return images


def batch(seed: int, step: int, size: int) -> tuple[Array, NDArray[np.int64]]:
    """Return the noisy and shifted digits of one step; the same for the same seed and step."""
    random = np.random.default_rng((seed, step))
    labels = random.integers(0, DIGITS, size)
    images = glyphs()[labels]
    shifts = random.integers(-1, 2, (size, 2))
    images = np.stack([np.roll(image, tuple(shift), (0, 1)) for image, shift in zip(images, shifts, strict=True)])
    return images.reshape(size, PIXELS) + random.normal(0.0, 0.4, (size, PIXELS)), labels


class Network:
    """One hidden layer, trained by gradient descent."""

    def __init__(self, hidden: int, seed: int) -> None:
        random = np.random.default_rng(seed)
        self.weights: dict[str, Array] = {
            "w1": random.normal(0.0, PIXELS**-0.5, (PIXELS, hidden)),
            "b1": np.zeros(hidden),
            "w2": random.normal(0.0, hidden**-0.5, (hidden, DIGITS)),
            "b2": np.zeros(DIGITS),
        }

    def learn(self, images: Array, labels: NDArray[np.int64]) -> float:
        """Take one step and return the loss before it."""
        weights, size = self.weights, len(labels)
        hidden = np.maximum(images @ weights["w1"] + weights["b1"], 0.0)
        scores = hidden @ weights["w2"] + weights["b2"]
        chances = np.exp(scores - scores.max(axis=1, keepdims=True))
        chances /= chances.sum(axis=1, keepdims=True)
        loss = float(-np.log(chances[np.arange(size), labels] + 1e-12).mean())
        chances[np.arange(size), labels] -= 1.0
        to_scores = chances / size
        to_hidden = (to_scores @ weights["w2"].T) * (hidden > 0.0)
        steps = {"w1": images.T @ to_hidden, "b1": to_hidden.sum(0), "w2": hidden.T @ to_scores, "b2": to_scores.sum(0)}
        for name, slope in steps.items():
            weights[name] = weights[name] - RATE * slope
        return loss


class Training:
    """Where the training stands, and where that is kept."""

    def __init__(self, arguments: argparse.Namespace, folder: Path | None) -> None:
        self.arguments = arguments
        self.network = Network(arguments.hidden, arguments.seed)
        self.step = 0
        self.loss = float("nan")
        self.stops = False
        self._file = None if folder is None else folder / "training.npz"
        self._saved_s = self._told_s = time.monotonic()

    def load(self) -> None:
        """Go on where a checkpoint says; one that cannot be read is left alone, and the training begins anew."""
        if self._file is None or not self._file.exists():
            return
        try:
            with np.load(self._file, allow_pickle=False) as kept:
                weights = {name: kept[name] for name in self.network.weights}
                step, loss = int(kept["step"]), float(kept["loss"])
        except (OSError, ValueError, KeyError) as error:
            print(f"the checkpoint cannot be read: {error}", flush=True)
            return
        self.network.weights, self.step, self.loss = weights, step, loss

    def save(self) -> None:
        """Keep where it stands: whole or not at all, whenever it is killed."""
        if self._file is not None:
            fresh = self._file.with_suffix(".fresh.npz")
            fresh.parent.mkdir(parents=True, exist_ok=True)
            np.savez(fresh, allow_pickle=False, step=self.step, loss=self.loss, **self.network.weights)
            fresh.replace(self._file)
            say(event="checkpoint", step=self.step)
        self._saved_s = time.monotonic()
        say(next_checkpoint_s=self.arguments.checkpoint_s)

    def run(self) -> bool:
        """Train to the end or until told to stop; True at the end."""
        while self.step < self.arguments.steps and not self.stops:
            self.loss = self.network.learn(*batch(self.arguments.seed, self.step, self.arguments.batch))
            self.step += 1
            now_s = time.monotonic()
            if now_s - self._told_s >= self.arguments.tell_s:
                self._told_s = now_s
                say(progress=round(self.step / self.arguments.steps, 6), loss=round(self.loss, 6))
            if now_s - self._saved_s >= self.arguments.checkpoint_s:
                self.save()
        return not self.stops or self.step >= int(self.arguments.steps)

    def stop(self, *_: object) -> None:
        """End after the step at hand."""
        self.stops = True


def say(**fields: object) -> None:
    """Tell Hashwarm something."""
    print(json.dumps(fields), flush=True)


def arguments() -> argparse.Namespace:
    """Read the command line."""
    parser = argparse.ArgumentParser(description="Trains a small network; can be interrupted at any moment.")
    parser.add_argument("--steps", type=int, default=200_000)
    parser.add_argument("--batch", type=int, default=256)
    parser.add_argument("--hidden", type=int, default=128)
    parser.add_argument("--seed", type=int, default=1)
    parser.add_argument("--checkpoint-s", type=float, default=10.0, help="save that often")
    parser.add_argument("--tell-s", type=float, default=1.0, help="tell progress that often")
    return parser.parse_args()


def main() -> int:
    """Train; return 0 when it is done, 75 when it was saved before."""
    folder = os.environ.get("HASHWARM_CHECKPOINT_DIR")
    training = Training(arguments(), None if folder is None else Path(folder))
    signal.signal(signal.SIGTERM, training.stop)
    training.load()
    print(f"from step {training.step}", flush=True)
    done = training.run()
    training.save()
    if not done:
        return EXIT_SAVED
    say(progress=1.0, loss=training.loss)
    return 0


if __name__ == "__main__":
    sys.exit(main())
