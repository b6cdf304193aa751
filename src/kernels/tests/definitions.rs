//! Layers by their definition, in double precision.

/// x Wᵀ + b, row by row: x `[M, K]`, W `[N, K]`.
pub fn dense(x: &[f64], weight: &[f32], bias: Option<&[f32]>, depth: usize) -> Vec<f64> {
    let output = |row: &[f64], n: usize| {
        let weights = &weight[n * depth..][..depth];
        let sum: f64 = row
            .iter()
            .zip(weights)
            .map(|(x, w)| x * f64::from(*w))
            .sum();
        sum + bias.map_or(0.0, |bias| f64::from(bias[n]))
    };
    let outputs = weight.len() / depth;
    x.chunks_exact(depth)
        .flat_map(|row| (0..outputs).map(move |n| output(row, n)))
        .collect()
}

pub fn wide(values: &[f32]) -> Vec<f64> {
    values.iter().map(|v| f64::from(*v)).collect()
}

pub fn silu(x: f64) -> f64 {
    x / (1.0 + (-x).exp())
}

/// A dense convolution with TensorFlow's padding, by the definition: x `[h, w, c]`, kernel `[o, c, 3, 3]`.
pub fn convolution(
    x: &[f32],
    kernel: &[f32],
    (h, w, c): (usize, usize, usize),
    stride: usize,
) -> Vec<f64> {
    let outputs = kernel.len() / 9 / c;
    let (rows, columns) = (h.div_ceil(stride), w.div_ceil(stride));
    let padding = |size: usize, out: usize| ((out - 1) * stride + 3).saturating_sub(size) / 2;
    let (top, left) = (padding(h, rows), padding(w, columns));
    let mut y = Vec::new();
    for place in 0..rows * columns * outputs {
        let (o, column, row) = (
            place % outputs,
            place / outputs % columns,
            place / outputs / columns,
        );
        let mut sum = 0.0;
        for (ky, kx, i) in (0..9 * c).map(|t| (t / 3 % 3, t % 3, t / 9)) {
            let (ry, rx) = (row * stride + ky, column * stride + kx);
            if ry >= top && rx >= left && ry - top < h && rx - left < w {
                let pixel = x[((ry - top) * w + rx - left) * c + i];
                sum += f64::from(pixel) * f64::from(kernel[(o * c + i) * 9 + ky * 3 + kx]);
            }
        }
        y.push(sum);
    }
    y
}

/// Images, heads, and columns of a head in the attention that is checked.
pub const BATCH: usize = 2;
pub const HEADS: usize = 3;
pub const HEAD: usize = 20;

/// What attention gives by its definition: output `[T, H·d]` of an image's tokens, softmax `[G, H, t, t]` and values `[G, H, t, d]`.
pub struct Truth {
    pub output: Vec<f64>,
    pub softmax: Vec<f64>,
    pub values: Vec<f64>,
}

/// Attention within groups of an image's tokens, `qkv` `[T, 3·H·d]`; `bias` of a group, head, query and key.
pub fn attention(
    qkv: &[f64],
    groups: &[Vec<usize>],
    bias: impl Fn(usize, usize, usize, usize) -> f64,
) -> Truth {
    let width = HEADS * HEAD;
    let tokens = qkv.len() / (3 * width);
    let part = |token: usize, part: usize, head: usize| -> &[f64] {
        &qkv[token * 3 * width + part * width + head * HEAD..][..HEAD]
    };
    let mut truth = Truth {
        output: vec![0.0; tokens * width],
        softmax: Vec::new(),
        values: Vec::new(),
    };
    for (g, group) in groups.iter().enumerate() {
        for head in 0..HEADS {
            for (q, query) in group.iter().enumerate() {
                let score = |(k, key): (usize, &usize)| {
                    let pairs = part(*query, 0, head).iter().zip(part(*key, 1, head));
                    let product: f64 = pairs.map(|(a, b)| a * b).sum();
                    (product + bias(g, head, q, k)) / (HEAD as f64).sqrt()
                };
                let scores: Vec<f64> = group.iter().enumerate().map(score).collect();
                let largest = scores.iter().copied().fold(f64::NEG_INFINITY, f64::max);
                let powers: Vec<f64> = scores.iter().map(|s| (s - largest).exp()).collect();
                let sum: f64 = powers.iter().sum();
                for (power, key) in powers.iter().zip(group) {
                    truth.softmax.push(power / sum);
                    for (column, value) in part(*key, 2, head).iter().enumerate() {
                        truth.output[query * width + head * HEAD + column] += power / sum * value;
                    }
                }
            }
            truth.values.extend(
                group
                    .iter()
                    .flat_map(|token| part(*token, 2, head).to_vec()),
            );
        }
    }
    truth
}
