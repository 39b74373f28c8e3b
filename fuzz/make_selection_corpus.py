"""Writes the seeds of fuzz_selection: python3 fuzz/make_selection_corpus.py."""
import pathlib

FOLDER = pathlib.Path(__file__).parent / "corpus" / "selection"

TEXTS = {
    "names": 'V1 + "FFA-1" - FFA-1 & all',
    "precedence": "!(V1 - FFA-1) + !!V1 & (all & !V1)",
    "numbers": "ceiling > 15 & 1e1 <= ceiling < 2.5E1 & coords x != 3 & noise_ceiling_testset >= -.5",
    "times": "0.1 < time < 0.3 + time == -100ms & ceiling1 > 20",
    "mask": '/nowhere/mask.nii.gz + "a b.nii"',
    "quotes": '"a ""name""" + \u00e9t\u00e9',
    "functional": "mean(V1 + FFA-1) - 0.5 * mean(ceiling > 15) / (2 - 1)",
    "sums": "-(sum(all) * 2 - mean(!V1)) / 4",
    "unknown": "V2 & lh & foo < 3",
    "open": "(V1 + (FFA-1",
}


def main():
    FOLDER.mkdir(parents=True, exist_ok=True)
    for name, text in TEXTS.items():
        (FOLDER / name).write_text(text, encoding="utf-8")


if __name__ == "__main__":
    main()
