"""The commands that are tortured, each on a subject of 60 voxels, and what they need."""
import pathlib
import shutil

import h5py
import numpy as np
from PIL import Image

import make_prepared
import make_prepared_siblings
import make_raw
import make_subject
import prepared_siblings
from prepared_subject import names_of, prepared_metadata, trial_order, write_images, write_prepared
from program import MODEL, MODEL_FOLDER

VOXELS = 60
SCENE = ["--concepts", "2", "--images-per-concept", "2", "--test-images", "2", "--sessions", "2", "--image-size", "32",
         "--voxels", "100"]


class Case:
    """A command: its arguments, in which {in} is the folder of inputs, {out} that of outputs, and what lies in {out}
    before."""

    def __init__(self, name, arguments, before=None):
        self.name, self.arguments, self.before = name, arguments, before

    def prepare(self, inputs, out):
        shutil.rmtree(out, ignore_errors=True)
        out.mkdir(parents=True)
        if self.before:
            self.before(inputs, out)

    def command(self, inputs, out):
        return [word.replace("{in}", str(inputs)).replace("{out}", str(out)) for word in self.arguments.split()]


def link_weights(inputs, out):
    """A berg directory of its own, except for the weights, which no command writes."""
    def copy(source, target):
        source = pathlib.Path(source)
        if source.stat().st_size > 1 << 20:
            pathlib.Path(target).symlink_to(source)
        else:
            shutil.copyfile(source, target)
    shutil.copytree(inputs / "trained", out / "berg", copy_function=copy)


def copy_prepared(inputs, out):
    shutil.copytree(inputs / "prepared", out / "berg")


def copy_part(inputs, out):
    shutil.copytree(inputs / "part", out / "store")


def copy_staged(stage):
    """A training in two shards, whose parts of that stage are to be joined."""
    return lambda inputs, out: shutil.copytree(inputs / f"staged-{stage}", out / "work")


def copy_featured(inputs, out):
    """A training whose features are there: what comes after them without their time."""
    copy_prepared(inputs, out)
    shutil.copytree(inputs / "featured", out / "work")


def copy_parted(inputs, out):
    """Predictions in two parts, which are to be joined."""
    shutil.copytree(inputs / "parted" / "berg", out / "berg", symlinks=True)


def copy_siblings(inputs, out):
    shutil.copytree(inputs / "siblings", out / "berg")


def copy_measured(key):
    return lambda inputs, out: shutil.copytree(inputs / f"measured-{key}" / "berg", out / "berg")


def shorten(metadata):
    """Thousands of stimulus names, each with its allocations, test no more than a few do."""
    model = metadata["encoding_model"]
    model.update({key: value[:5] for key, value in model.items() if np.asarray(value).dtype.kind in "UO" and np.ndim(value)})
    return metadata


def make_inputs(folder, backbone):
    """All that the commands read. `backbone`: a file of random:1's weights."""
    pixels = np.random.default_rng(3).integers(0, 256, (2, 3, 40, 52), np.uint8)
    subject = folder / "berg"
    make_subject.make_subject(subject, 1, voxels=VOXELS, backbone=make_subject.BACKBONE)
    (folder / "vit.safetensors").symlink_to(backbone)
    np.save(folder / "images.npy", pixels)
    np.save(folder / "many.npy", np.random.default_rng(5).integers(0, 256, (12, 3, 32, 32), np.uint8))
    for name, images in (("first", range(6)), ("last", range(6, 12))):
        (folder / f"{name}.txt").write_text("".join(f"{folder}/many.npy[{i}]\n" for i in images))
    with h5py.File(folder / "images.h5", "w") as file:
        file["images"] = pixels
    for name, picture in zip(("a.png", "b.jpg"), pixels):
        Image.fromarray(picture.transpose(1, 2, 0)).save(folder / name)
    metadata_file = subject / MODEL_FOLDER / "metadata" / "metadata_sub-01.npy"
    metadata = shorten(np.load(metadata_file, allow_pickle=True).item())
    np.save(metadata_file, metadata)
    rows = np.random.default_rng(4).standard_normal((3, VOXELS)).astype(np.float32)
    np.save(folder / "one.npy", rows)
    np.save(folder / "other.npy", rows + np.float32(0.5))
    np.save(folder / "values.npy", rows[0])
    np.savez(folder / "arrays.npz", a=rows, names=np.array(["x", "yz"]))
    with h5py.File(folder / "one.h5", "w") as file:
        file["responses"] = rows
    make_raw.make_raw(folder / "raw", voxels=20, sessions=2, concepts=2, images=2, tests=2)
    write_prepared_subject(folder, subject, metadata)
    names = make_prepared.make_images(folder / "train-images", 2, 3)
    make_prepared.make_subject(folder / "prepared", names, 1, 12)
    for key in ("nsd", "meg"):
        make_prepared_siblings.make(key, folder / "siblings", folder / f"{key}-images", images=9)
    for path in folder.glob("siblings/*/*/*single*"):
        path.unlink()
    for key in ("nsd", "eeg", "meg"):
        prepared_siblings.make(folder / f"measured-{key}", key)


def write_prepared_subject(folder, subject, metadata):
    """A trained model and the prepared data of its test set."""
    shutil.copytree(subject, folder / "trained", copy_function=lambda a, b: pathlib.Path(b).symlink_to(a))
    names, rng = names_of(4), np.random.default_rng(1)
    write_images(folder / "test-images", names)
    order = trial_order(4, 3, rng)
    metadata = prepared_metadata(metadata, names, order)
    trials = rng.normal(size=(12, VOXELS)).astype(np.float32)
    write_prepared(folder / "trained", 1, metadata, trials, order)


def finish_inputs(folder, berg):
    """What the program itself makes: files of the formats that it writes."""
    metadata = folder / "berg" / MODEL_FOLDER / "metadata" / "metadata_sub-01.npy"
    berg("convert", metadata, folder / "metadata.safetensors")
    score = ["score", MODEL, "--subject", "1", "--berg-dir", folder / "berg", "--backbone", folder / "vit.safetensors", "-q", "-o"]
    berg(*score, folder / "store", folder / "many.npy")
    berg(*score, folder / "part", folder / "a.png")
    berg("volume", "to", MODEL, "--subject", "1", "--berg-dir", folder / "berg", folder / "values.npy", "-o",
         folder / "values.nii.gz")
    for shard in (1, 2):
        for ending in ("npy", "csv", "h5"):
            berg(*ENCODE.replace("{in}", str(folder)).split(), folder / "a.png", folder / "b.jpg", "--roi", "V1", "--shard",
                 f"{shard}/2", "-o", folder / f"{ending}-{shard}.{ending}")
        berg(*score, folder / f"shard-{shard}", folder / "many.npy", "--shard", f"{shard}/2")
    link_weights(folder, folder / "parted")
    for shard in (1, 2):
        berg(*EVALUATE_ONE.replace("{in}", str(folder)).replace("{out}", str(folder / "parted")).split(), "--shard", f"{shard}/2")
    train = STAGED.replace("{in}", str(folder)).replace("{out}/work", str(folder / "staging")).split()
    for stage in ("features", "gram", "eigenvectors", "components", "regression"):
        for shard in (2, 1):
            berg(*train, "--stage", stage, "--shard", f"{shard}/2")
        shutil.copytree(folder / "staging", folder / f"staged-{stage}")
        berg(*train, "--merge", stage)
        if stage == "features":
            shutil.copytree(folder / "staging", folder / "featured")


ENCODE = f"encode {MODEL} --subject 1 --berg-dir {{in}}/berg --backbone {{in}}/vit.safetensors --threads 1 --quiet"
SCORE = f"score {MODEL} --subject 1 --berg-dir {{in}}/berg --backbone {{in}}/vit.safetensors --threads 1 --quiet -o {{out}}/store"
ASK = "{} {{in}}/store {} --berg-dir {{in}}/berg --threads 1 --quiet"
METADATA = f"metadata {MODEL} --subject 1 --berg-dir {{in}}/berg"
VOLUME = f"{MODEL} --subject 1 --berg-dir {{in}}/berg"
TRAIN = (" --berg-dir {out}/berg --backbone {in}/vit.safetensors --features class-token --components 1 --threads 1 --quiet"
         " --device cpu")
EVALUATE = ("evaluate {} --subject 1 --images {{in}}/{} --berg-dir {{out}}/berg --backbone {{in}}/vit.safetensors --threads 1 --quiet"
            " --json {{out}}/x.json")
EVALUATE_ONE = (f"evaluate {MODEL} --subject 1 --berg-dir {{out}}/berg --images {{in}}/test-images --backbone {{in}}/vit.safetensors"
                " --threads 1 --quiet")
STAGED = (f"train {MODEL} --subject 1 --berg-dir {{in}}/prepared --work {{out}}/work --images {{in}}/train-images --backbone {{in}}/vit.safetensors"
          " --features class-token --components 2 --threads 1 --quiet")
SMALL = " --times 2 --concepts 2 --images-per-concept 2 --test-images 2 --repeats 2 --image-size 32 --threads 1 --quiet"
CASES = [
    Case("list", "list --json"),
    Case("describe", f"describe {MODEL}"),
    Case("describe-json", f"describe {MODEL} --json"),
    Case("metadata", METADATA),
    Case("metadata-json", METADATA + " --json"),
    Case("metadata-key", METADATA + " --key encoding_model.train_stimuli --json"),
    Case("metadata-key-text", METADATA + " --key encoding_model.test_stimuli"),
    Case("metadata-npy", METADATA + " --key encoding_model.test_stimuli -o {out}/x.npy"),
    Case("metadata-npz", METADATA + " -o {out}/x.npz"),
    Case("info-npy", "info --json {in}/one.npy"),
    Case("info-hdf5", "info {in}/images.h5"),
    Case("info-hdf5-json", "info --json {in}/one.h5"),
    Case("info-npz", "info {in}/arrays.npz"),
    Case("info-safetensors", "info {in}/metadata.safetensors"),
    Case("convert-npz", f"convert {{in}}/berg/{MODEL_FOLDER}/metadata/metadata_sub-01.npy {{out}}/x.npz"),
    Case("convert-safetensors", f"convert {{in}}/berg/{MODEL_FOLDER}/metadata/metadata_sub-01.npy {{out}}/x.safetensors"),
    Case("convert-json", "convert {in}/metadata.safetensors {out}/x.json"),
    Case("convert-pth", "convert {in}/metadata.safetensors {out}/x.npy"),
    Case("compare-equal", "compare {in}/one.npy {in}/one.h5 --threads 1 --quiet --json -"),
    Case("compare-different", "compare {in}/one.npy {in}/other.npy --threads 1 --quiet --json -"),
    Case("compare-page", "compare {in}/one.npy {in}/other.npy --threads 1"),
    Case("compare-entries", "compare {in}/metadata.safetensors {in}/arrays.npz --threads 1 --json {out}/x.json"),
    Case("doctor", "doctor --berg-dir {in}/berg"),
    Case("doctor-json", "doctor --berg-dir {in}/berg --json"),
    Case("volume-to", f"volume to {VOLUME} {{in}}/values.npy --like {{in}}/values.nii.gz -o {{out}}/x.nii.gz"),
    Case("volume-from", f"volume from {VOLUME} {{in}}/values.nii.gz -o {{out}}/x.npy"),
    Case("volume-rois", f"volume rois {VOLUME} --roi V1 --like {{in}}/values.nii.gz -o {{out}}/x_dseg.nii.gz"),
    Case("volume-rois-each", f"volume rois {VOLUME} --roi V1,V2 --each -o {{out}}/x_mask.nii"),
    Case("encode-npy", ENCODE + " {in}/images.npy -o {out}/x.npy"),
    Case("encode-h5", ENCODE + " {in}/a.png {in}/b.jpg -o {out}/x.h5"),
    Case("encode-csv", ENCODE + " --mean roi {in}/a.png -o {out}/x.csv"),
    Case("encode-trials", ENCODE + " --trials 3 --seed 1 {in}/images.npy -o {out}/x.npy"),
    Case("encode-nifti", ENCODE + " --roi V1 {in}/images.h5:images -o {out}/x.nii.gz"),
    Case("encode-stdout", ENCODE + " --roi V1 {in}/a.png -o -.csv"),
    Case("encode-hemispheres", "encode fmri-nsd_fsaverage-vit_b_32 --subject 1 --berg-dir {in}/measured-nsd/berg --backbone {in}/vit.safetensors "
         "--threads 1 --quiet {in}/a.png -o {out}/x.csv"),
    Case("encode-scores", f"encode {MODEL} --subject 1 --berg-dir {{in}}/berg --scores {{in}}/store --threads 1 --quiet -o {{out}}/x.npy"),
    Case("metadata-select", METADATA + " --select V1+V2&ceiling>1&!x<3 -o {out}/x.npy"),
    Case("score", SCORE + " {in}/a.png {in}/b.jpg"),
    Case("score-more", SCORE + " {in}/images.npy", copy_part),
    Case("merge", "merge {in}/part {in}/store --threads 1 --quiet -o {out}/store"),
    *(Case(f"merge-{ending}", f"merge {{in}}/{ending}-1.{ending} {{in}}/{ending}-2.{ending} --threads 1 --quiet -o {{out}}/x.{ending}")
      for ending in ("npy", "csv", "h5")),
    Case("merge-shards", "merge {in}/shard-1 {in}/shard-2 --threads 1 --quiet -o {out}/store"),
    Case("info-store", "info --check {in}/store"),
    Case("rank", ASK.format("rank", "mean(V1)-0.5*sum(V2) --top 3 --bottom 2 --images {in}/last.txt -o {out}/x.json")),
    Case("rank-similarity", ASK.format("rank", "similarity(V1,many.npy[3]) --sheet {out}/x.svg")),
    Case("contrast", ASK.format("contrast", "--a {in}/first.txt --b {in}/last.txt --map t,q --above 0 -o {out}/x.tsv --json {out}/y.json")),
    Case("rsm", ASK.format("rsm", "--roi V1,V2 -o {out}/x.h5")),
    Case("rsm-condensed", ASK.format("rsm", "--roi V1 --adjust zscore --form condensed -o {out}/x.npy")),
    Case("rsa", ASK.format("rsa", "--a V1 --b V2 --permutations 3 --bootstrap 3 -o {out}/x.json")),
    Case("rsa-ranks", ASK.format("rsa", "--a V1 --b V2 --measure spearman --metric euclidean --permutations 3")),
    Case("control", ASK.format("control", "V1 V2 --min-ceiling -1 --images 2 --draws 5 -o {out}/x.json")),
    Case("control-sets", ASK.format("control", "V1 V2 --min-ceiling -1 --multivariate --images 4 --draws 5 --generations 2 -o -")),
    Case("report", f"report {MODEL} --subject 1 --berg-dir {{in}}/berg --quiet -o {{out}}/x.html --json {{out}}/x.json"),
    Case("simulate", "simulate {out}/raw --threads 1 --quiet " + " ".join(SCENE)),
    Case("prepare", "prepare {in}/raw --subject 1 --berg-dir {out}/berg --threads 1 --quiet"),
    Case("train", f"train {MODEL} --subject 1 --berg-dir {{out}}/berg --images {{in}}/train-images --backbone "
         "{in}/vit.safetensors --features class-token --components 2 --threads 1 --quiet", copy_prepared),
    Case("train-shard", STAGED + " --stage features --shard 2/2"),
    *(Case(f"train-merge-{stage}", f"{STAGED} --merge {stage} --shards 2", copy_staged(stage))
      for stage in ("features", "gram", "components", "regression")),
    Case("train-resumed", STAGED.replace("{in}/prepared", "{out}/berg") + " --resume", copy_featured),
    Case("train-products", STAGED.replace("{in}/prepared", "{out}/berg") + " --eigenvectors products", copy_prepared),
    Case("plan-train", "plan " + STAGED + " --slurm -n 2 --jobs {out}/jobs"),
    Case("plan", f"plan encode {MODEL} --subject 1 --berg-dir {{in}}/berg --backbone {{in}}/vit.safetensors {{in}}/a.png {{in}}/b.jpg "
         "-o x.npy --slurm -n 2 --processors 1 --jobs {out}/jobs"),
    Case("train-nsd", "train fmri-nsd_fsaverage-vit_b_32 --subject 1 --images {in}/nsd-images/nsd_stimuli.hdf5" + TRAIN,
         copy_siblings),
    Case("train-quarter", "train meg-things_meg_1-vit_b_32 --subject 1 --images {in}/meg-images --train-splits all,split2" + TRAIN,
         copy_siblings),
    Case("evaluate", EVALUATE_ONE + " --json {out}/x.json", link_weights),
    Case("evaluate-shard", EVALUATE_ONE + " --shard 1/2", link_weights),
    Case("evaluate-merge", EVALUATE_ONE + " --merge 2 --json {out}/x.json", copy_parted),
    Case("evaluate-nsd", EVALUATE.format("fmri-nsd_fsaverage-vit_b_32", "measured-nsd/nsd_stimuli.hdf5"), copy_measured("nsd")),
    Case("evaluate-eeg", EVALUATE.format("eeg-things_eeg_2-vit_b_32", "measured-eeg/images"), copy_measured("eeg")),
    Case("evaluate-meg", EVALUATE.format("meg-things_meg_1-vit_b_32", "measured-meg/images"), copy_measured("meg")),
    Case("simulate-eeg", "simulate eeg-things_eeg_2-vit_b_32 {out}/berg --units 3" + SMALL),
    Case("simulate-meg", "simulate meg-things_meg_1-vit_b_32 {out}/berg --units 3" + SMALL),
    Case("simulate-nsd", "simulate fmri-nsd_fsaverage-vit_b_32 {out}/berg --units 3" + SMALL.replace(" --times 2", "")),
]
