//! A Vision Transformer's forward pass, and what its parts contribute, as the textbook writes them, in f64 and loops:
//! the truth that tensors are read by and contributions are held to.

use candle_core::Tensor;
use vitscope::decompose::Component;
use vitscope::vision::config::{Activation, Pool, VitConfig};
use vitscope::vision::vit_weights::{BlockWeights, Linear, Norm, VitWeights};

type Rows = Vec<Vec<f64>>;

/// The representation of one image `[3, H, W]`.
pub fn represent(config: &VitConfig, weights: &VitWeights, image: &[f32]) -> Vec<f64> {
    let stream = run(config, weights, image).pop().expect("the stream").1;
    let z = read(config, weights, &stream, &stream, true);
    let length = length(config, &z);
    z.iter().map(|value| value / length).collect()
}

/// What every component adds to the representation of one image `[3, H, W]`, all constants last.
///
/// The final norm's σ and CLIP's length are taken from the whole; everything after the blocks is then linear, and each
/// part goes through it alone.
pub fn contributions(
    config: &VitConfig,
    weights: &VitWeights,
    image: &[f32],
) -> Vec<(Component, Vec<f64>)> {
    let mut parts = run(config, weights, image);
    let stream = parts.pop().expect("the stream").1;
    let length = length(config, &read(config, weights, &stream, &stream, true));
    let through = |(component, part): (Component, Rows)| {
        let constant = component == Component::bias();
        let mut z = read(config, weights, &stream, &part, constant);
        z.iter_mut().for_each(|value| *value /= length);
        (component, z)
    };
    parts.into_iter().map(through).collect()
}

/// What every component writes to the residual stream `[T, D]`, all constants as the last but one, and last the stream
/// after the last block (under the name of the embedded tokens, with which it began).
fn run(config: &VitConfig, weights: &VitWeights, image: &[f32]) -> Vec<(Component, Rows)> {
    let mut stream = embed(config, weights, image);
    let mut parts = vec![(Component::init(), stream.clone())];
    let mut constants = vec![vec![0.0; config.width]; stream.len()];
    for (layer, block) in weights.blocks.iter().enumerate() {
        let attended = attend(config, block, &normalise(&block.norm1, &stream, config.eps));
        for head in 0..config.heads {
            let own = only(&attended, head, config.head_width());
            let part = scaled(product(&block.proj, &own), &block.scale1);
            join(&mut stream, &part);
            parts.push((Component::head(layer, head), part));
        }
        let bias = scaled(shift(&block.proj, stream.len()), &block.scale1);
        join(&mut stream, &bias);
        join(&mut constants, &bias);

        let mut hidden = linear(&block.fc1, &normalise(&block.norm2, &stream, config.eps));
        hidden
            .iter_mut()
            .flatten()
            .for_each(|value| *value = activate(config.activation, *value));
        let part = scaled(product(&block.fc2, &hidden), &block.scale2);
        let bias = scaled(shift(&block.fc2, stream.len()), &block.scale2);
        join(&mut stream, &part);
        join(&mut stream, &bias);
        join(&mut constants, &bias);
        parts.push((Component::mlp(layer), part));
    }
    parts.push((Component::bias(), constants));
    parts.push((Component::init(), stream));
    parts
}

/// The tokens that enter the first block, `[T, D]`.
fn embed(config: &VitConfig, weights: &VitWeights, image: &[f32]) -> Rows {
    let mut tokens: Rows = Vec::new();
    tokens.extend(weights.cls.as_ref().map(vector));
    tokens.extend(weights.dist.as_ref().map(vector));
    if let Some(registers) = &weights.registers {
        tokens.extend(matrix(registers));
    }
    tokens.extend(linear(&weights.patch, &cut(config, image)));
    join(&mut tokens, &matrix(&weights.position));
    match &weights.pre_norm {
        Some(norm) => normalise(norm, &tokens, config.eps),
        None => tokens,
    }
}

/// A part of the stream through norm, pooling and projection; the norm's σ is that of the `stream`, and its β is added
/// when asked for.
fn read(
    config: &VitConfig,
    weights: &VitWeights,
    stream: &[Vec<f64>],
    part: &[Vec<f64>],
    beta: bool,
) -> Vec<f64> {
    let normed = |stream: &[Vec<f64>], part: &[Vec<f64>]| match &weights.norm {
        Some(norm) => normalise_as(norm, stream, part, config.eps, beta),
        None => part.to_vec(),
    };
    let tokens = match config.pool {
        Pool::Token => 0..1,
        Pool::TokenPair => 0..2,
        Pool::Mean => config.prefix_tokens()..stream.len(),
    };
    let (stream, part) = (&stream[tokens.clone()], &part[tokens]);
    let z = match config.norm_after_pool {
        true => normed(&[mean(stream)], &[mean(part)]).remove(0),
        false => mean(&normed(stream, part)),
    };
    match &weights.projection {
        Some(projection) => matrix(projection).iter().map(|row| dot(row, &z)).collect(),
        None => z,
    }
}

/// What the representation is divided by.
fn length(config: &VitConfig, z: &[f64]) -> f64 {
    match config.normalised {
        true => dot(z, z).sqrt(),
        false => 1.0,
    }
}

/// The columns of one head, zeros elsewhere.
fn only(attended: &[Vec<f64>], head: usize, width: usize) -> Rows {
    let own = head * width..(head + 1) * width;
    let keep = |row: &Vec<f64>| {
        let columns = row.iter().enumerate();
        columns
            .map(|(at, value)| if own.contains(&at) { *value } else { 0.0 })
            .collect()
    };
    attended.iter().map(keep).collect()
}

fn attend(config: &VitConfig, block: &BlockWeights, tokens: &[Vec<f64>]) -> Rows {
    let (width, head_width) = (config.width, config.head_width());
    let qkv = linear(&block.qkv, tokens);
    let mut out = vec![vec![0.0; width]; tokens.len()];
    for head in 0..config.heads {
        let part = |row: &Vec<f64>, third: usize| {
            let start = third * width + head * head_width;
            row[start..start + head_width].to_vec()
        };
        for (place, query) in qkv.iter().enumerate() {
            let query = part(query, 0);
            let scores = qkv
                .iter()
                .map(|key| dot(&query, &part(key, 1)) / (head_width as f64).sqrt());
            let scores: Vec<f64> = scores.map(f64::exp).collect();
            let sum: f64 = scores.iter().sum();
            for (score, value) in scores.iter().zip(&qkv) {
                for (at, value) in part(value, 2).iter().enumerate() {
                    out[place][head * head_width + at] += score / sum * value;
                }
            }
        }
    }
    out
}

/// Patches `[P, 3·p·p]`, channels outermost.
fn cut(config: &VitConfig, image: &[f32]) -> Rows {
    let ((height, width), (down, across)) = (config.image, config.patch);
    let (rows, columns) = config.grid();
    let patch = |row: usize, column: usize| {
        let mut values = Vec::new();
        for channel in 0..3 {
            for y in row * down..(row + 1) * down {
                for x in column * across..(column + 1) * across {
                    values.push(f64::from(image[(channel * height + y) * width + x]));
                }
            }
        }
        values
    };
    (0..rows * columns)
        .map(|place| patch(place / columns, place % columns))
        .collect()
}

fn linear(layer: &Linear, rows: &[Vec<f64>]) -> Rows {
    let mut out = product(layer, rows);
    join(&mut out, &shift(layer, rows.len()));
    out
}

/// A linear layer without its bias.
fn product(layer: &Linear, rows: &[Vec<f64>]) -> Rows {
    let weight = matrix(&layer.weight);
    let apply = |row: &Vec<f64>| weight.iter().map(|weight| dot(weight, row)).collect();
    rows.iter().map(apply).collect()
}

/// A linear layer's bias for so many rows.
fn shift(layer: &Linear, rows: usize) -> Rows {
    let width = layer.weight.dims()[0];
    vec![layer.bias.as_ref().map_or(vec![0.0; width], vector); rows]
}

fn normalise(norm: &Norm, rows: &[Vec<f64>], eps: f64) -> Rows {
    normalise_as(norm, rows, rows, eps, true)
}

/// LayerNorm of `part` with the σ of `whole`, row by row.
fn normalise_as(norm: &Norm, whole: &[Vec<f64>], part: &[Vec<f64>], eps: f64, beta: bool) -> Rows {
    let (weight, bias) = (vector(&norm.weight), vector(&norm.bias));
    let centred = |row: &[f64]| -> Vec<f64> {
        let mean = row.iter().sum::<f64>() / row.len() as f64;
        row.iter().map(|value| value - mean).collect()
    };
    let apply = |(whole, part): (&Vec<f64>, &Vec<f64>)| {
        let deviation = centred(whole);
        let sigma = (dot(&deviation, &deviation) / whole.len() as f64 + eps).sqrt();
        let shift = |at: usize| if beta { bias[at] } else { 0.0 };
        let scaled = centred(part).into_iter().zip(&weight).enumerate();
        scaled
            .map(|(at, (value, weight))| value / sigma * weight + shift(at))
            .collect()
    };
    whole.iter().zip(part).map(apply).collect()
}

/// Rows through LayerScale, where there is one.
fn scaled(mut rows: Rows, scale: &Option<Tensor>) -> Rows {
    if let Some(scale) = scale.as_ref().map(vector) {
        for row in &mut rows {
            row.iter_mut()
                .zip(&scale)
                .for_each(|(value, scale)| *value *= scale);
        }
    }
    rows
}

fn join(sum: &mut Rows, rows: &[Vec<f64>]) {
    sum.iter_mut()
        .zip(rows)
        .for_each(|(sum, row)| add(sum, row));
}

fn activate(activation: Activation, x: f64) -> f64 {
    match activation {
        Activation::Gelu => 0.5 * x * (1.0 + candle_core::cpu::erf::erf_f64(x / 2.0_f64.sqrt())),
        Activation::GeluTanh => {
            0.5 * x
                * (1.0 + ((2.0 / std::f64::consts::PI).sqrt() * (x + 0.044715 * x.powi(3))).tanh())
        }
        Activation::QuickGelu => x / (1.0 + (-1.702 * x).exp()),
    }
}

fn mean(rows: &[Vec<f64>]) -> Vec<f64> {
    let mut sum = vec![0.0; rows[0].len()];
    rows.iter().for_each(|row| add(&mut sum, row));
    sum.iter().map(|value| value / rows.len() as f64).collect()
}

fn add(sum: &mut [f64], row: &[f64]) {
    sum.iter_mut()
        .zip(row)
        .for_each(|(sum, value)| *sum += value);
}

fn dot(left: &[f64], right: &[f64]) -> f64 {
    left.iter()
        .zip(right)
        .map(|(left, right)| left * right)
        .sum()
}

fn vector(tensor: &Tensor) -> Vec<f64> {
    let values = tensor.flatten_all().and_then(|flat| flat.to_vec1::<f32>());
    values
        .expect("an f32 tensor")
        .into_iter()
        .map(f64::from)
        .collect()
}

fn matrix(tensor: &Tensor) -> Rows {
    let width = tensor.dim(1).expect("a matrix");
    vector(tensor).chunks(width).map(<[f64]>::to_vec).collect()
}
