//! PyTorch's files mean what torch reads from them, and nothing in them is ever run.

use std::path::Path;

use tempfile::TempDir;
use vitscope::vision::weights::Weights;

use crate::checkpoints::assert_reads_as;
use crate::support::{copy_of, difference, fixtures, shared, tensors};

/// A folder that holds just the file at `path` under `shared("torch")`, called `name`.
fn alone(path: &str, name: &str) -> TempDir {
    let folder = tempfile::tempdir().expect("a temporary folder");
    std::fs::copy(shared("torch").join(path), folder.path().join(name)).expect("a copy");
    folder
}

/// The checkpoint `name` of the golden data, with `weights` (below `shared("torch")`) in place of its own, as `file`.
fn with_weights(name: &str, weights: &str, file: &str) -> TempDir {
    let folder = copy_of(&fixtures().join(name));
    std::fs::remove_file(folder.path().join("model.safetensors")).expect("a file");
    std::fs::copy(shared("torch").join(weights), folder.path().join(file)).expect("a copy");
    folder
}

fn complaint(folder: &Path) -> String {
    Weights::open(folder)
        .err()
        .expect("a file that isn't read")
        .to_string()
}

#[test]
fn every_kind_of_number_and_layout_is_what_torch_reads() {
    for file in ["kinds.pth", "kinds4.pth"] {
        let folder = alone(file, "weights.pth");
        let mut weights = Weights::open(folder.path()).expect("a readable file");
        for (name, expected) in tensors(&shared("torch/kinds.safetensors")) {
            assert_eq!(weights.shape(&name), Some(expected.dims()), "{name}");
            let found = weights.take(&name, expected.dims()).expect("a tensor");
            let numbers = |tensor: &candle_core::Tensor| {
                tensor
                    .flatten_all()
                    .and_then(|flat| flat.to_vec1::<f32>())
                    .expect("numbers")
            };
            assert_eq!(numbers(&found), numbers(&expected), "{name} in {file}");
        }
        // what is left are counters, indices and flags, which no model is made of
        weights.finish("").expect("nothing else");
    }
}

#[test]
fn state_dicts_with_the_names_of_memory_are_the_same_models() {
    for name in ["vit", "deit", "dinov2", "clip_image"] {
        let folder = with_weights(name, &format!("v5/{name}.bin"), "pytorch_model.bin");
        assert_reads_as(folder.path(), name);
    }
}

#[test]
fn parts_are_read_together() {
    let folder = copy_of(&fixtures().join("vit"));
    std::fs::remove_file(folder.path().join("model.safetensors")).expect("a file");
    for entry in std::fs::read_dir(shared("torch/parts")).expect("a folder") {
        let entry = entry.expect("a readable entry");
        std::fs::copy(entry.path(), folder.path().join(entry.file_name())).expect("a copy");
    }
    assert_reads_as(folder.path(), "vit");
    std::fs::remove_file(folder.path().join("pytorch_model-00002-of-00002.bin")).expect("a file");
    assert!(
        complaint(folder.path()).contains("pytorch_model-00002-of-00002.bin could not be read")
    );
}

#[test]
fn flat_files_and_training_checkpoints_are_read() {
    for file in ["dino.pth", "teacher.pth"] {
        let folder = with_weights("timm_registers", file, "dino_vits_pretrain.pth");
        assert_reads_as(folder.path(), "timm_registers");
    }
}

#[test]
fn what_is_no_state_dict_is_refused_in_one_sentence() {
    let cases = [
        (
            "calls",
            "pytorch_model.bin is not read: it wants Python to run os.getenv, and only descriptions of tensors",
        ),
        ("arguments", "it wants Python to run argparse.Namespace"),
        (
            "module",
            "it wants Python to run torch.nn.modules.linear.Linear",
        ),
        (
            "legacy",
            "it has the form of torch before 1.6; save it anew with torch.save(torch.load(FILE), FILE)",
        ),
        (
            "script",
            "it is a TorchScript program (as OpenAI's CLIP files are); save torch.jit.load(FILE).state_dict()",
        ),
        ("list", "it holds no state_dict"),
        ("deflated", "is compressed ("),
        (
            "foreign",
            "it is a zip archive, and none that torch.save wrote",
        ),
    ];
    for (name, expected) in cases {
        let folder = alone(&format!("refused/{name}.bin"), "pytorch_model.bin");
        let found = complaint(folder.path());
        assert!(found.contains(expected), "{name}: {found}");
    }
    let folder = alone("refused/plain.bin", "pytorch_model.bin");
    Weights::open(folder.path()).expect("the same without what was refused");
}

#[test]
fn truncated_files_say_so() {
    let folder = alone("dino.pth", "pytorch_model.bin");
    let path = folder.path().join("pytorch_model.bin");
    let whole = std::fs::read(&path).expect("a readable file");
    for length in [4, 100, whole.len() / 2, whole.len() - 1] {
        std::fs::write(&path, &whole[..length]).expect("a writable file");
        let found = complaint(folder.path());
        assert!(
            found.contains("ends before its directory") && found.contains("copy it again"),
            "{found}"
        );
    }
    std::fs::write(
        &path,
        b"version https://git-lfs.github.com/spec/v1\noid sha256:00\nsize 1\n",
    )
    .expect("a file");
    assert!(complaint(folder.path()).contains("`git lfs pull` fetches them"));
}

/// Replaces the number at `field` of the directory's entry whose name ends with `name`.
fn declare(bytes: &mut [u8], name: &str, fields: &[usize], size: u32) {
    let starts: Vec<usize> = (0..bytes.len() - 46)
        .filter(|at| bytes[*at..].starts_with(b"PK\x01\x02"))
        .collect();
    let entry = starts.into_iter().find(|at| {
        let length = usize::from(u16::from_le_bytes([bytes[at + 28], bytes[at + 29]]));
        bytes[at + 46..at + 46 + length].ends_with(name.as_bytes())
    });
    let entry = entry.expect("an entry of that name");
    for field in fields {
        bytes[entry + field..entry + field + 4].copy_from_slice(&size.to_le_bytes());
    }
}

#[test]
fn declared_sizes_beyond_the_file_are_refused() {
    let folder = alone("refused/plain.bin", "pytorch_model.bin");
    let path = folder.path().join("pytorch_model.bin");
    let whole = std::fs::read(&path).expect("a readable file");
    let declared = |fields: &[usize], size: u32| {
        let mut bytes = whole.clone();
        declare(&mut bytes, "data/0", fields, size);
        std::fs::write(&path, bytes).expect("a writable file");
        complaint(folder.path())
    };
    let bomb = declared(&[24], 0xFFFF_FFF0);
    assert!(
        bomb.contains("compressed (24 bytes that claim to hold 4294967280)"),
        "{bomb}"
    );
    let beyond = declared(&[20, 24], 0xFFFF_FFF0);
    assert!(
        beyond.contains("data/0 claims 4294967280 bytes, more than the file has"),
        "{beyond}"
    );
    let short = declared(&[20, 24], 20);
    assert!(
        short.contains("tensor weight is larger than its storage"),
        "{short}"
    );
}

#[test]
fn the_same_numbers_come_from_either_format() {
    let folder = with_weights("timm_registers", "dino.pth", "pytorch_model.bin");
    let name = "blocks.1.attn.qkv.weight";
    let numbers = |folder: &Path| {
        let mut weights = Weights::open(folder).expect("readable weights");
        let tensor = weights
            .take(name, &[48, 16])
            .and_then(|tensor| Ok(tensor.flatten_all()?));
        tensor.expect("a tensor").to_vec1::<f32>().expect("numbers")
    };
    let whole = numbers(&fixtures().join("timm_registers"));
    assert_eq!(difference(&numbers(folder.path()), &whole), 0.0);
}
