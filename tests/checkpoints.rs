//! Checkpoint folders are read as their libraries read them, and what doesn't fit is said in one sentence.
//!
//! Where checkpoints go wrong silently, and which test holds the reading to it (in this file unless another is named):
//!
//! | trap | test |
//! |---|---|
//! | the same tensor has five names; order of queries, keys, values | `tensors_of_every_dialect_mean_what_their_library_means` |
//! | names before `vit.`, `deit.`, `dinov2.`, and their absence | `prefixes_come_with_the_class_that_was_saved` |
//! | transformers 5 has other names in memory than on disk | `torch_files::state_dicts_with_the_names_of_memory_are_the_same_models` |
//! | open_clip's `visual.proj` and `text_projection` stand the other way round | `open_clip::images_…`, `open_clip::texts_are_embedded_as_open_clip_does` |
//! | timm's registers have no class position, transformers' do; DeiT has two | `tensors_of_every_dialect_…` (`*registers`, `*distilled`, `deit`) |
//! | positions at another size, with and without antialiasing | `a_larger_image_gets_positions_…`, `positions_are_interpolated_as_torch_does` |
//! | `fc_norm` after pooling instead of `norm` before | `tensors_of_every_dialect_…` (`timm_mean`) |
//! | GELU, its tanh form, QuickGELU | `text::texts_are_embedded_as_transformers_does`, `suspicions::a_nonlinearity_…` |
//! | eps of 1e-12, 1e-6, 1e-5, in no tensor | `a_model_type_brings_its_defaults`, `suspicions::an_unusual_eps_…` |
//! | an architecture's defaults that timm's config leaves out | `a_named_architecture_brings_its_defaults` |
//! | weights for 518 pixels, a processor for 224 | `images_enter_at_the_size_…`, `suspicions::dinov2_is_used_at_the_size_…` |
//! | LAION's L/14 has mean and std of 0.5; DINOv2 never | `suspicions::usual_checkpoints_…`, `suspicions::an_unusual_eps_and_unusual_statistics_are_named` |
//! | Pillow's resampling, torchvision's and transformers' rounding | `preprocess::every_filter_…`, `preprocess::timm_configs_…`, `preprocess::transformers_processors_…` |
//! | transparency, grey, 16 bits; EXIF's turn, moving GIFs | `preprocess::transparency_…`, `image_sets::pictures_are_neither_turned_…` |
//! | end of text by the largest number, in old configs too | `text::old_configs_…`, `open_clip::texts_are_embedded_as_open_clip_does` |
//! | buffers of integers, mask tokens, position ids | `torch_files::every_kind_of_number_…`, `torch_files::flat_files_…`, `golden_models_of_full_size_…` |
//! | a folder for two libraries at once | `open_clip::a_folder_that_is_both_…` |
//! | a cache of links, revisions, environment | `hub` |
//! | Swin's mergings and masks, MaxViT's norms and padding | `stages` |

use std::path::Path;

use candle_core::{DType, Device, Tensor};
use vitscope::kernels::Numbers;
use vitscope::vision::checkpoint::Checkpoint;
use vitscope::vision::config::{
    self, Activation, Family, ModelConfig, Pool, Resampling, VitConfig,
};
use vitscope::vision::position;
use vitscope::vision::vit_weights::VitWeights;
use vitscope::vision::weights::{Weights, fingerprint};

use crate::support::{
    copy_of, demo_model, difference, fixtures, golden, hashed, naive, replace, shared,
};

pub fn vit(folder: &Path) -> VitConfig {
    vit_of(config::read(folder, None).expect("a readable config"))
}

fn vit_of(config: ModelConfig) -> VitConfig {
    match config.family {
        Family::Vit(config) => config,
        other => panic!("{other:?} is no Vision Transformer"),
    }
}

pub fn load(folder: &Path, config: &VitConfig) -> VitWeights {
    let weights = Weights::open(folder).expect("readable weights");
    VitWeights::take(config, weights).expect("weights that fit")
}

/// What is wrong with the checkpoint in `folder`.
fn complaint(folder: &Path) -> String {
    match config::read(folder, None) {
        Err(error) => error.to_string(),
        Ok(config) => {
            let model =
                Weights::open(folder).and_then(|weights| config.model(weights, Numbers::F32));
            let fault = model.err().expect("a checkpoint with a fault");
            fault.to_string()
        }
    }
}

/// The largest difference between the golden representations of `name` and those of its tensors, read off naively.
fn misread(name: &str, config: &VitConfig, pixels: &str, expected: &str) -> f32 {
    misread_in(&fixtures().join(name), config, pixels, expected)
}

/// The largest difference between golden representations and those of the tensors in `folder`, read off naively.
pub fn misread_in(folder: &Path, config: &VitConfig, pixels: &str, expected: &str) -> f32 {
    let golden = golden();
    let weights = load(folder, config);
    let numbers = |name: &str| {
        let flat = golden[name]
            .to_dtype(DType::F32)
            .and_then(|t| t.flatten_all());
        flat.and_then(|flat| flat.to_vec1::<f32>())
            .expect("numbers")
    };
    let images = numbers(pixels);
    let one = 3 * config.image.0 * config.image.1;
    let represent = |image: &[f32]| naive::represent(config, &weights, image);
    let found: Vec<f32> = images
        .chunks(one)
        .flat_map(represent)
        .map(|value| value as f32)
        .collect();
    difference(&found, &numbers(expected))
}

/// The checkpoint in `folder` represents images as the library did that saved the golden model `name`.
#[track_caller]
pub fn assert_reads_as(folder: &Path, name: &str) {
    let expected = format!("model/{name}");
    let found = misread_in(folder, &vit(folder), "model/pixels", &expected);
    assert!(found < 2e-5, "{name}: {found}");
}

#[test]
fn tensors_of_every_dialect_mean_what_their_library_means() {
    let names = [
        "vit",
        "deit",
        "dinov2",
        "dinov2_registers",
        "clip",
        "clip_image",
        "timm_distilled",
        "timm_mean",
        "timm_clip",
        "timm_registers",
    ];
    for name in names {
        let config = vit(&fixtures().join(name));
        let found = misread(name, &config, "model/pixels", &format!("model/{name}"));
        assert!(found < 2e-5, "{name}: {found}");
    }
}

#[test]
fn a_larger_image_gets_positions_interpolated_as_transformers_does() {
    for name in ["dinov2", "dinov2_registers"] {
        let mut config = vit(&fixtures().join(name));
        config.image = (24, 24);
        let found = misread(name, &config, "model/large", &format!("model/{name}/large"));
        assert!(found < 2e-5, "{name}: {found}");
    }
}

#[test]
fn positions_are_interpolated_as_torch_does() {
    let golden = golden();
    let numbers = |name: &str| {
        golden[name]
            .flatten_all()
            .and_then(|flat| flat.to_vec1::<f32>())
    };
    let table = numbers("position/table").expect("numbers");
    for (rows, columns) in [(8, 8), (3, 3), (4, 7)] {
        for (word, how) in [
            ("antialiased", Resampling::Antialiased),
            ("plain", Resampling::Plain),
        ] {
            let name = format!("position/{word}/{rows}x{columns}");
            let expected = numbers(&name).expect("numbers");
            let grid = &expected[expected.len() - rows * columns * 6..];
            let found = position::resample(&table[6..], 6, (5, 5), (rows, columns), how);
            let found = difference(&found, grid);
            assert!(found < 2e-6, "{name}: {found}");
        }
    }
}

#[test]
fn a_named_architecture_brings_its_defaults() {
    let folder = copy_of(&demo_model("dinov2"));
    let path = folder.path().join("config.json");
    let named = |name: &str| {
        let text = format!(r#"{{"architecture": "{name}", "num_classes": 0}}"#);
        std::fs::write(&path, text).expect("a writable file");
        config::read(folder.path(), None).map(vit_of)
    };
    let base = named("vit_base_patch14_reg4_dinov2.lvd142m").expect("a known architecture");
    assert_eq!(
        (base.width, base.depth, base.heads, base.mlp_width),
        (768, 12, 12, 3072)
    );
    assert_eq!(
        (base.patch, base.registers, base.positioned_prefix),
        ((14, 14), 4, 0)
    );
    assert!(base.layer_scale && base.class_token && base.eps == 1e-6);
    let clip = named("vit_large_patch14_clip_quickgelu_336").expect("a known architecture");
    assert_eq!((clip.width, clip.depth, clip.eps), (1024, 24, 1e-5));
    assert_eq!(
        (clip.activation, clip.pre_norm, clip.patch_bias),
        (Activation::QuickGelu, true, false)
    );
    let distilled = named("deit_small_distilled_patch16_224").expect("a known architecture");
    assert_eq!(
        (distilled.width, distilled.pool, distilled.positioned_prefix),
        (384, Pool::TokenPair, 2)
    );
    for unread in [
        "swin_s3_tiny_224",
        "swinv2_tiny_window8_256",
        "maxvit_rmlp_small_rw_224",
        "vit_giant_patch14_dinov2",
        "vit_base_patch16_siglip_224",
    ] {
        let error = named(unread)
            .expect_err("an architecture that isn't read")
            .to_string();
        assert!(
            error.contains(&format!(
                "{unread} is not an architecture this version reads; it reads"
            )),
            "{error}"
        );
    }
}

#[test]
fn a_model_type_brings_its_defaults() {
    let folder = tempfile::tempdir().expect("a temporary folder");
    let cases = [
        ("vit", 1e-12, Activation::Gelu, (224, 224), (16, 16)),
        ("deit", 1e-12, Activation::Gelu, (224, 224), (16, 16)),
        ("dinov2", 1e-6, Activation::Gelu, (224, 224), (14, 14)),
        (
            "dinov2_with_registers",
            1e-6,
            Activation::Gelu,
            (224, 224),
            (16, 16),
        ),
        ("clip", 1e-5, Activation::QuickGelu, (224, 224), (32, 32)),
    ];
    for (kind, eps, activation, image, patch) in cases {
        let text = format!(r#"{{"model_type": "{kind}"}}"#);
        std::fs::write(folder.path().join("config.json"), text).expect("a writable file");
        let found = vit(folder.path());
        assert_eq!(
            (found.width, found.depth, found.heads, found.mlp_width),
            (768, 12, 12, 3072)
        );
        assert_eq!((found.eps, found.activation), (eps, activation), "{kind}");
        assert_eq!((found.image, found.patch), (image, patch), "{kind}");
    }
}

#[test]
fn prefixes_come_with_the_class_that_was_saved() {
    let cases = [
        ("vit", "vit.", ""),
        ("deit", "deit.", ""),
        ("dinov2", "", "dinov2."),
        ("dinov2_registers", "", "dinov2_with_registers."),
        ("clip_image", "vision_model.", ""),
    ];
    for (name, saved, other) in cases {
        let folder = copy_of(&fixtures().join(name));
        let path = folder.path().join("model.safetensors");
        let tensors = candle_core::safetensors::load(&path, &Device::Cpu).expect("tensors");
        let renamed = tensors.into_iter().map(|(name, tensor)| {
            let beside = name.contains("classifier") || name.contains("projection.weight");
            let inner = name
                .strip_prefix(saved)
                .filter(|_| !beside || name.contains("embeddings"));
            (
                inner.map_or(name.clone(), |inner| format!("{other}{inner}")),
                tensor,
            )
        });
        let renamed: std::collections::HashMap<String, Tensor> = renamed.collect();
        assert!(!other.is_empty() || !renamed.keys().any(|name| name.starts_with(saved)));
        candle_core::safetensors::save(&renamed, &path).expect("a writable file");
        assert_reads_as(folder.path(), name);
    }
}

#[test]
fn golden_models_of_full_size_fit_their_configs() {
    let root = shared("models");
    let names = [
        "vit_b16",
        "deit_b16",
        "deit_b16_distilled",
        "dinov2_b14",
        "dinov2_b14_reg4",
        "vit_avg",
        "vit_avg_norm_first",
        "timm_clip_b16_quickgelu",
        "timm_clip_b32",
        "clip_b16",
        "clip_b32_gelu",
        "clip_l14_shallow",
        "hf_vit",
        "hf_deit",
        "hf_dinov2",
        "hf_dinov2_registers",
    ];
    for name in names {
        let folder = root.join(name);
        let config = vit(&folder);
        let tensors = hashed::listed(&folder).into_iter().map(|(name, shape)| {
            let zeros = Tensor::zeros(shape, DType::F32, &Device::Cpu).expect("a tensor");
            (name, zeros)
        });
        let weights = Weights::from_tensors(tensors);
        if let Err(error) = VitWeights::take(&config, weights) {
            panic!("{name}: {error}");
        }
    }
}

#[test]
fn demo_checkpoints_load() {
    for name in ["clip", "deit", "dinov2"] {
        let config = vit(&demo_model(name));
        let weights = load(&demo_model(name), &config);
        assert_eq!(weights.position.dims(), [config.tokens(), config.width]);
        assert_eq!(weights.blocks.len(), config.depth);
    }
    let deit = Checkpoint::open(&demo_model("deit")).expect("a readable checkpoint");
    assert_eq!(deit.config.labels.len(), deit.config.classes());
}

#[test]
fn tensors_that_do_not_fit_are_listed_together() {
    let folder = fixtures().join("vit");
    let config = vit(&folder);
    let source = candle_core::safetensors::load(folder.join("model.safetensors"), &Device::Cpu);
    let mut tensors = source.expect("readable tensors");
    let position = hashed::tensor("position", &[1, 12, 16]);
    tensors.insert("vit.embeddings.position_embeddings".to_owned(), position);
    tensors.remove("vit.layernorm.weight");
    tensors.remove("vit.encoder.layer.1.layernorm_after.bias");
    tensors.insert("surplus".to_owned(), hashed::tensor("surplus", &[3]));
    let nan = Tensor::new(&[f32::NAN, 0.0, 1.0], &Device::Cpu).expect("a tensor");
    tensors.insert("classifier.bias".to_owned(), nan);
    let error = VitWeights::take(&config, Weights::from_tensors(tensors))
        .expect_err("tensors that don't fit");
    assert_eq!(
        error.to_string(),
        "2 tensors missing: vit.encoder.layer.1.layernorm_after.bias, vit.layernorm.weight; 1 unexpected: surplus; \
         1 has another shape: vit.embeddings.position_embeddings is [1, 12, 16], expected [1, 17, 16]; \
         1 holds NaN or infinite numbers: classifier.bias; \
         taken for a transformers model because config.json says model_type = vit"
    );
}

#[test]
fn folders_without_what_it_takes_say_what_is_missing() {
    let empty = tempfile::tempdir().expect("a temporary folder");
    assert!(complaint(empty.path()).contains("has no config.json"));
    assert!(complaint(&empty.path().join("nowhere")).contains("is not a folder"));
    let folder = copy_of(&fixtures().join("vit"));
    std::fs::remove_file(folder.path().join("model.safetensors")).expect("a file");
    assert!(complaint(folder.path()).contains("has no weights: neither model.safetensors nor"));
    std::fs::write(folder.path().join("config.json"), "{\"model_type\": ")
        .expect("a writable file");
    assert!(complaint(folder.path()).contains("config.json is damaged"));
    std::fs::write(folder.path().join("config.json"), "{}").expect("a writable file");
    assert!(complaint(folder.path()).contains("neither architecture (timm) nor model_type"));
    let text = r#"{"model_type": "vit", "hidden_size": "wide"}"#;
    std::fs::write(folder.path().join("config.json"), text).expect("a writable file");
    assert!(
        complaint(folder.path()).contains("hidden_size is \"wide\", and has to be a whole number")
    );
    let text = r#"{"model_type": "vit", "hidden_size": 10, "num_attention_heads": 3}"#;
    std::fs::write(folder.path().join("config.json"), text).expect("a writable file");
    assert!(complaint(folder.path()).contains("a width of 10 can't be divided among 3 heads"));
}

#[test]
fn configs_of_impossible_sizes_neither_fill_the_memory_nor_panic() {
    let folder = copy_of(&fixtures().join("vit"));
    let path = folder.path().join("config.json");
    let sizes = [
        (
            "\"hidden_size\": 786432, \"image_size\": 1020, \"patch_size\": 4",
            "tensors missing: ",
        ),
        (
            "\"image_size\": 1048576",
            "4294967297 tokens are more than any model reads",
        ),
        ("\"num_hidden_layers\": 99999", "99999 blocks"),
        (
            "\"hidden_size\": 18446744073709551615",
            "has to be a whole number of moderate size",
        ),
        ("\"patch_size\": 0", "has to be a size in pixels"),
        ("\"num_attention_heads\": 0", "have to be at least 1"),
        (
            "\"layer_norm_eps\": 1e300",
            "a LayerNorm eps of 1e300 can't be meant",
        ),
    ];
    for (size, expected) in sizes {
        std::fs::write(&path, format!("{{\"model_type\": \"vit\", {size}}}"))
            .expect("a writable file");
        let found = complaint(folder.path());
        assert!(found.contains(expected), "{size}: {found}");
    }
}

#[test]
fn damaged_weights_are_refused() {
    let folder = copy_of(&fixtures().join("vit"));
    let path = folder.path().join("model.safetensors");
    let whole = std::fs::read(&path).expect("a readable file");
    let spoiled = |bytes: &[u8]| {
        std::fs::write(&path, bytes).expect("a writable file");
        complaint(folder.path())
    };
    assert!(spoiled(&whole[..whole.len() - 1]).contains("its length is not what its header says"));
    assert!(spoiled(&whole[..100]).contains("it ends within its header"));
    assert!(spoiled(&whole[..5]).contains("too short for a safetensors file"));
    let mut large = whole.clone();
    large[..8].copy_from_slice(&u64::MAX.to_le_bytes());
    assert!(spoiled(&large).contains("its header claims to be larger"));
    let overlap = br#"{"a":{"dtype":"F32","shape":[2],"data_offsets":[0,8]},"b":{"dtype":"F32","shape":[2],"data_offsets":[4,12]}}"#;
    let mut file = (overlap.len() as u64).to_le_bytes().to_vec();
    file.extend(overlap);
    file.extend([0; 12]);
    assert!(spoiled(&file).contains("overlaps its neighbour"));
    assert!(spoiled(&[b"12345678".as_slice(), b"not json"].concat()).contains("is damaged"));
}

#[test]
fn sharded_half_precision_weights_are_the_same_model() {
    let whole = fixtures().join("vit");
    let folder = copy_of(&whole);
    let source = candle_core::safetensors::load(whole.join("model.safetensors"), &Device::Cpu);
    let mut parts = [
        std::collections::HashMap::new(),
        std::collections::HashMap::new(),
    ];
    let mut index = serde_json::Map::new();
    for (place, (name, tensor)) in source.expect("readable tensors").into_iter().enumerate() {
        let kind = [DType::F16, DType::BF16][place % 2];
        index.insert(
            name.clone(),
            format!("part-{}.safetensors", place % 2).into(),
        );
        parts[place % 2].insert(name, tensor.to_dtype(kind).expect("a narrower tensor"));
    }
    std::fs::remove_file(folder.path().join("model.safetensors")).expect("a file");
    for (place, part) in parts.iter().enumerate() {
        let path = folder.path().join(format!("part-{place}.safetensors"));
        candle_core::safetensors::save(part, path).expect("a writable file");
    }
    let path = folder.path().join("model.safetensors.index.json");
    let text = serde_json::json!({ "weight_map": index }).to_string();
    std::fs::write(&path, &text).expect("a writable file");
    let config = vit(folder.path());
    let numbers = |folder: &Path| {
        let weights = load(folder, &config);
        weights.blocks[1]
            .fc1
            .weight
            .flatten_all()
            .and_then(|flat| flat.to_vec1::<f32>())
            .expect("numbers")
    };
    let found = difference(&numbers(folder.path()), &numbers(&whole));
    assert!(found > 0.0 && found < 5e-3, "{found}");
    std::fs::write(&path, text.replace("part-1", "../part-1")).expect("a writable file");
    assert!(complaint(folder.path()).contains("which is no file beside it"));
}

#[test]
fn preprocessing_has_to_make_the_size_that_the_model_takes() {
    let folder = copy_of(&fixtures().join("clip"));
    let path = folder.path().join("preprocessor_config.json");
    replace(
        &path,
        "\"do_center_crop\": true",
        "\"do_center_crop\": false",
    );
    let error = Checkpoint::open(folder.path()).expect_err("images of any size");
    assert!(
        error
            .to_string()
            .contains("it doesn't bring images to 16 × 16"),
        "{error}"
    );
}

#[test]
fn images_enter_at_the_size_that_preprocessing_makes() {
    let folder = copy_of(&fixtures().join("dinov2"));
    let text = r#"{"image_processor_type": "BitImageProcessor", "size": {"shortest_edge": 28}, "crop_size": 24}"#;
    std::fs::write(folder.path().join("preprocessor_config.json"), text).expect("a writable file");
    let checkpoint = Checkpoint::open(folder.path()).expect("a readable checkpoint");
    let config = vit_of(checkpoint.config);
    assert_eq!((config.image, config.tokens()), ((24, 24), 37));
    assert_eq!(load(folder.path(), &config).position.dims(), [37, 16]);
}

#[test]
fn the_fingerprint_follows_the_contents() {
    let folder = copy_of(&fixtures().join("vit"));
    let mark = |folder: &Path| fingerprint(folder).expect("readable files");
    let before = mark(folder.path());
    assert_eq!(before, mark(&fixtures().join("vit")));
    replace(&folder.path().join("config.json"), "1e-06", "1e-05");
    assert_ne!(before, mark(folder.path()));
}
