//! Whatever a file holds, opening it ends in tensors or in one sentence: no panic, no memory for what it only claims.

use std::path::Path;

use vitscope::vision::config::VitConfig;
use vitscope::vision::vit_weights::VitWeights;
use vitscope::vision::weights::Weights;

use crate::checkpoints::vit;
use crate::support::{copy_of, fixtures, shared, tensors};

/// SplitMix64: the same mutations every time.
struct Dice(u64);

impl Dice {
    fn below(&mut self, bound: usize) -> usize {
        self.0 = self.0.wrapping_add(0x9E37_79B9_7F4A_7C15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        ((z ^ (z >> 31)) % bound as u64) as usize
    }

    /// `bytes` with a few of them changed, cut out, repeated or overwritten by large numbers, within `range`.
    fn mutated(&mut self, bytes: &[u8], range: std::ops::Range<usize>) -> Vec<u8> {
        let mut bytes = bytes.to_vec();
        for _ in 0..=self.below(3) {
            let end = range.end.min(bytes.len());
            let at = range.start.min(end - 1) + self.below(end - range.start.min(end - 1));
            match self.below(8) {
                0..=2 => bytes[at] = self.below(256) as u8,
                3 => bytes[at] ^= 1 << self.below(8),
                4 => drop(bytes.remove(at)),
                5 => bytes.insert(at, [0, 0xFF, b'9', b'.', b'h', b'}', b'R'][self.below(7)]),
                6 => {
                    let from = at.saturating_sub(self.below(40));
                    let piece = bytes[from..at].to_vec();
                    bytes.splice(at..at, piece);
                }
                _ => {
                    let large = [0xFF, 0xFF, 0xFF, [0x7F, 0xFF][self.below(2)]];
                    let end = (at + 4).min(bytes.len());
                    bytes[at..end].copy_from_slice(&large[..end - at]);
                }
            }
        }
        if self.below(20) == 0 {
            bytes.truncate(self.below(bytes.len()));
        }
        bytes
    }
}

/// Opens the weights in `folder`: as `config`'s, or else each of `names` alone; whether all was well.
fn opens(folder: &Path, config: Option<&VitConfig>, names: &[String]) -> bool {
    let opened = Weights::open(folder).and_then(|mut weights| match config {
        Some(config) => VitWeights::take(config, weights).map(drop),
        None => {
            for name in names {
                let shape = weights.shape(name).unwrap_or(&[1]).to_vec();
                // a mutated shape that fits its storage is as good as any
                if shape.iter().product::<usize>() < 1 << 12 {
                    weights.take(name, &shape)?;
                }
            }
            weights.finish("")
        }
    });
    match opened {
        Ok(()) => true,
        Err(error) => {
            let sentence = error.to_string();
            assert!(
                !sentence.is_empty() && !sentence.contains("panicked"),
                "{sentence}"
            );
            false
        }
    }
}

#[test]
fn mutated_safetensors_never_panic() {
    let folder = copy_of(&fixtures().join("vit"));
    let config = vit(folder.path());
    let path = folder.path().join("model.safetensors");
    let whole = std::fs::read(&path).expect("a readable file");
    let header = 8 + u64::from_le_bytes(whole[..8].try_into().expect("eight bytes")) as usize;
    let mut dice = Dice(1);
    let mut fine = 0;
    for round in 0..3000 {
        let range = if round % 4 == 0 { 0..16 } else { 0..header };
        std::fs::write(&path, dice.mutated(&whole, range)).expect("a writable file");
        fine += usize::from(opens(folder.path(), Some(&config), &[]));
    }
    assert!(
        fine < 1500,
        "{fine} mutations went unnoticed: they don't reach what is checked"
    );
    std::fs::write(&path, &whole).expect("a writable file");
    assert!(opens(folder.path(), Some(&config), &[]));
}

#[test]
fn mutated_pickles_never_panic() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let path = folder.path().join("pytorch_model.bin");
    let names: Vec<String> = tensors(&shared("torch/kinds.safetensors"))
        .into_keys()
        .collect();
    for (seed, file) in ["torch/kinds.pth", "torch/kinds4.pth"].iter().enumerate() {
        let whole = std::fs::read(shared(file)).expect("a readable file");
        let mut dice = Dice(seed as u64 + 2);
        let mut fine = 0;
        for round in 0..4000 {
            // the pickle stands first, the directory last
            let range = if round % 3 == 0 {
                whole.len() - 1400..whole.len()
            } else {
                64..1300
            };
            std::fs::write(&path, dice.mutated(&whole, range)).expect("a writable file");
            fine += usize::from(opens(folder.path(), None, &names));
        }
        assert!(fine < 2000, "{fine} mutations of {file} went unnoticed");
        std::fs::write(&path, &whole).expect("a writable file");
        assert!(opens(folder.path(), None, &names), "{file}");
    }
}

#[test]
fn mutated_configs_never_panic() {
    let names = ["vit", "clip", "timm_registers"];
    for (seed, name) in names.iter().enumerate() {
        let folder = copy_of(&fixtures().join(name));
        let path = folder.path().join("config.json");
        let whole = std::fs::read(&path).expect("a readable file");
        let mut dice = Dice(seed as u64 + 7);
        for _ in 0..1000 {
            std::fs::write(&path, dice.mutated(&whole, 0..whole.len())).expect("a writable file");
            if let Err(error) = vitscope::vision::checkpoint::Checkpoint::open(folder.path()) {
                assert!(!error.to_string().is_empty());
            }
        }
    }
}

#[test]
fn claims_take_no_memory() {
    let folder = copy_of(&fixtures().join("vit"));
    let path = folder.path().join("model.safetensors");
    let claims = [
        // a header of 99 MB that isn't there
        (
            99_000_000_u64.to_le_bytes().to_vec(),
            "it ends within its header",
        ),
        // 2^62 numbers in four bytes, whose size in bytes has no place in 64 bits
        (
            header(
                r#"{"a":{"dtype":"F32","shape":[4611686018427387904],"data_offsets":[0,4]}}"#,
                4,
            ),
            "is damaged",
        ),
        (
            header(
                r#"{"a":{"dtype":"F32","shape":[1099511627776],"data_offsets":[0,4398046511104]}}"#,
                4,
            ),
            "its length is not what its header says",
        ),
        (header(&"[".repeat(100_000), 0), "is damaged"),
    ];
    for (bytes, expected) in claims {
        std::fs::write(&path, bytes).expect("a writable file");
        let found = Weights::open(folder.path())
            .err()
            .expect("a false claim")
            .to_string();
        assert!(found.contains(expected), "{found}");
    }
}

/// A safetensors file with this header and so many bytes of data.
fn header(text: &str, data: usize) -> Vec<u8> {
    let mut file = (text.len() as u64).to_le_bytes().to_vec();
    file.extend(text.as_bytes());
    file.resize(file.len() + data, 0);
    file
}
