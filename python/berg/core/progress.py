"""Progress bars, drawn by tqdm where that is installed."""

from contextlib import contextmanager


def _tqdm():
    try:
        from tqdm.auto import tqdm
    except ImportError:
        return None
    return tqdm


@contextmanager
def bar(shown, total, description, unit="image"):
    """Gives a function of (images done, images in all, seconds) that moves the bar, or None without a bar."""
    tqdm = _tqdm() if shown else None
    if tqdm is None:
        yield None
        return

    with tqdm(total=total, desc=description, unit=unit) as progress_bar:

        def move(done, images, _seconds):
            if unit == "image":
                progress_bar.set_postfix({"Encoded images": done, "Total images": images}, refresh=False)
            progress_bar.total = images
            progress_bar.update(done - progress_bar.n)

        yield move


@contextmanager
def stages(shown):
    """Gives the keywords `progress` and `stage` of a call of several stages: one bar a stage, or none."""
    tqdm = _tqdm() if shown else None
    if tqdm is None:
        yield {}
        return

    current = None

    def stage(name, unit):
        nonlocal current
        if current is not None:
            current.close()
        current = tqdm(total=0, desc=name, unit=unit.removesuffix("s"))

    def move(done, total, _seconds):
        if current is not None:
            current.total = total
            current.update(done - current.n)

    try:
        yield {"progress": move, "stage": stage}
    finally:
        if current is not None:
            current.close()
