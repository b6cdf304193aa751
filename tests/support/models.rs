//! The golden models: configurations as their libraries write them, parameters from the formula.

use std::collections::HashMap;
use std::sync::Arc;

use candle_core::{DType, Tensor};
use vitscope::decompose::Decomposer;
use vitscope::kernels::Numbers;
use vitscope::vision::Vit;
use vitscope::vision::config::{self, Family, VitConfig};
use vitscope::vision::vit_weights::VitWeights;
use vitscope::vision::weights::Weights;

use super::{hashed, shared, tensors};

/// What `config.json` of the golden model `name` says.
pub fn config(name: &str) -> VitConfig {
    let folder = shared("models").join(name);
    let read = config::read(&folder, None).expect("a readable config");
    let Family::Vit(config) = read.family else {
        panic!("{} is a plain ViT", folder.display());
    };
    config
}

/// All tensors of the golden model `name` that `wanted` asks for.
pub fn parameters(name: &str, wanted: impl Fn(&str) -> bool) -> HashMap<String, Tensor> {
    let listed = hashed::listed(&shared("models").join(name)).into_iter();
    listed
        .filter(|(name, _)| wanted(name))
        .map(|(name, shape)| {
            let values = hashed::tensor(&name, &shape);
            (name, values)
        })
        .collect()
}

/// The weights of the golden model `name`, as `config` asks for them.
pub fn weights(name: &str, config: &VitConfig) -> VitWeights {
    let weights = Weights::from_tensors(parameters(name, |name| !name.starts_with("text_model.")));
    VitWeights::take(config, weights).expect("weights that fit")
}

/// The golden model `name`, read as `config` has it.
pub fn model(name: &str, config: &VitConfig) -> Vit {
    Vit::new(config.clone(), weights(name, config), Numbers::F32).expect("a model")
}

/// The same, ready to be decomposed.
pub fn decomposer(name: &str, config: &VitConfig) -> Decomposer {
    Decomposer::new(Arc::new(model(name, config))).expect("a decomposer")
}

/// What `tests/fixtures/models/NAME/features.safetensors` holds.
pub fn expected(name: &str) -> HashMap<String, Tensor> {
    tensors(&shared("models").join(name).join("features.safetensors"))
}

/// A tensor's values, row-major.
pub fn numbers(tensor: &Tensor) -> Vec<f32> {
    let flat = tensor
        .to_dtype(DType::F32)
        .and_then(|tensor| tensor.flatten_all());
    flat.and_then(|flat| flat.to_vec1()).expect("numbers")
}
