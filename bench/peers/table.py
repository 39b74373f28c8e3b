"""The Markdown table of a run, from its JSON alone."""
import statistics

COLUMNS = ["system", "precision", "whole brain, images/s", "{roi}, images/s", "forward pass, images/s", "one image, whole brain, ms",
           "one image, {roi}, ms", "start to first response, s", "its peak memory, MB", "peak memory, {images} images, MB",
           "least correlation"]


def figure(values, of=lambda value: value):
    return f"{statistics.median(map(of, values)):.3g}" if values else "-"


def memory(values):
    return f"{statistics.median(values):,.0f}" if values else "-"


def correlation(check):
    if not check or "unchecked" in check:
        return "unchecked"
    if check["least"] is None:
        return f"**wrong**: {check['why']}"
    # at most 0.99999 is shown: never rounded up to 1
    text = f"{int(check['least'] * 1e5) / 1e5:.5f}" if check["least"] == check["least"] else "none"
    return text if check["right"] else f"**wrong**: {text}"


def row(system, run):
    images, seconds, megabytes = run["images"], system["seconds"], system["megabytes"]

    def per_second(name):
        return figure(seconds.get(name), lambda value: images / value)

    def milliseconds(name):
        return figure(seconds.get(name), lambda value: 1000 * value)
    roi = run["roi"]
    return [system["label"], system["precision"], per_second("whole"), per_second(roi), per_second("forward"),
            milliseconds("one whole"), milliseconds(f"one {roi}"), figure(seconds.get("first")), memory(megabytes.get("first")),
            memory(megabytes.get("all")), correlation(system["check"])]


def line(cells):
    return "| " + " | ".join(cells) + " |"


def products(run):
    """{precision: operations a second}, medians over the turns."""
    rates = [bench["machine"]["products"] for bench in run["bench"]["machine"] if bench]
    return {precision: statistics.median(rate[precision]["flops"] for rate in rates) for precision in (rates[0] if rates else [])}


def shares(run):
    """Lines about the machine's own rate, and how much of it libberg's encoding of the whole brain from Python is."""
    rates, model = products(run), (run["bench"]["model"] or {}).get("model", {})
    if not rates:
        return []
    lines = ["", "Matrix products of this machine, in the same turns (`berg bench`): "
             + ", ".join(f"{rate / 1e9:,.0f} GFLOP/s in {precision}" for precision, rate in rates.items()) + "."]
    for system in run["systems"]:
        seconds = system["seconds"].get("whole")
        if system["family"] == "libberg" and seconds and system["precision"] in rates and "flop_per_image" in model:
            rate = run["images"] / statistics.median(seconds) * model["flop_per_image"]
            share = 100 * rate / rates[system["precision"]]
            lines.append(f"libberg in {system['precision']}, whole brain, from Python: {share:.0f} % of that.")
    if "share" in model:
        lines.append(f"`berg bench` itself, products and encoding by turns: {100 * model['share']:.0f} % in {model['precision']}.")
    return lines


def markdown(run):
    machine = run["machine"]
    names = {"roi": run["roi"], "images": run["images"]}
    lines = [line([column.format(**names) for column in COLUMNS]), line(["---"] * len(COLUMNS))]
    lines += [line(row(system, run)) for system in run["systems"] if system["status"] == "ok"]
    lines += ["", f"{machine['name']}, {machine['cores']} cores ({', '.join(machine['flags'])}), {machine['memory_gb']:g} GB; "
              f"{run['threads']} threads each; {machine['date']}. Medians of {run['repeats']}, in turns, {run['images']} images of "
              "256x256. "
              + ", ".join(f"{name} {version}" for name, version in sorted(run["versions"].items())) + "."]
    if run.get("isa", "auto") != "auto":
        lines += ["", f"Held to {run['isa']}, each by its own switch; ONNX Runtime has none, and takes what the processor has."]
    lines += shares(run)
    missing = [f"- {system['name']}: {system['status']}" for system in run["systems"] if system["status"] != "ok"]
    return "\n".join(lines + ([""] + missing if missing else [])) + "\n"
