//! Parameters from a formula, so that models of full size need no files (`tests/fixtures/README.md` has the formula).

use candle_core::{Device, Tensor};

/// Names that hold tokens or tables of embeddings.
const EMBEDDINGS: [&str; 12] = [
    "pos_embed",
    "position_embedding",
    "positional_embedding",
    "cls_token",
    "class_embedding",
    "dist_token",
    "distillation_token",
    "reg_token",
    "register_tokens",
    "mask_token",
    "token_embedding",
    "relative_position_bias_table",
];

/// The tensor called `name`.
pub fn tensor(name: &str, shape: &[usize]) -> Tensor {
    let (scale, offset) = range(name, shape);
    Tensor::from_vec(
        values(name, shape.iter().product(), scale, offset),
        shape,
        &Device::Cpu,
    )
    .expect("as many values as the shape has")
}

/// The golden models' input `[B, 3, H, W]`.
pub fn input(batch: usize, height: usize, width: usize) -> Tensor {
    let shape = (batch, 3, height, width);
    let values = values("input", batch * 3 * height * width, 2.0, 0.0);
    Tensor::from_vec(values, shape, &Device::Cpu).expect("as many values as the shape has")
}

fn values(name: &str, count: usize, scale: f32, offset: f32) -> Vec<f32> {
    let hash = |hash: u64, byte: u8| (hash ^ u64::from(byte)).wrapping_mul(0x0000_0100_0000_01B3);
    let start = name.bytes().fold(0xCBF2_9CE4_8422_2325, hash);
    let value = |index: u64| {
        let mut z = start.wrapping_add((index + 1).wrapping_mul(0x9E37_79B9_7F4A_7C15));
        z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
        z ^= z >> 31;
        let unit = (z >> 40) as f32 / (1_u32 << 24) as f32;
        (unit * 2.0 - 1.0) * scale + offset
    };
    (0..count as u64).map(value).collect()
}

/// Scale and offset by name and shape.
fn range(name: &str, shape: &[usize]) -> (f32, f32) {
    let last = name.rsplit('.').next().unwrap_or(name);
    match last {
        "logit_scale" => (0.0, 2.6592),
        "running_var" => (0.2, 1.0),
        "running_mean" => (0.1, 0.0),
        "gamma" | "lambda1" => (0.3, 0.5),
        _ if EMBEDDINGS.iter().any(|part| name.contains(part)) => (0.2, 0.0),
        "weight" if shape.len() <= 1 => (0.2, 1.0),
        _ if shape.len() <= 1 => (0.05, 0.0),
        _ => {
            let inputs: usize = shape[1..].iter().product();
            ((3.0 / inputs as f64).sqrt() as f32, 0.0)
        }
    }
}

#[test]
fn formula_gives_the_documented_values() {
    let expected = [
        (
            "blocks.0.attn.qkv.weight",
            vec![2304, 768],
            [0.029207252, -0.012386866, 0.023312427],
        ),
        (
            "blocks.0.norm1.weight",
            vec![768],
            [1.0124497, 1.1708647, 1.0957509],
        ),
        (
            "blocks.0.attn.qkv.bias",
            vec![2304],
            [-0.046153434, -0.029760469, -0.015298289],
        ),
        (
            "pos_embed",
            vec![1, 197, 768],
            [-0.10877257, 0.0030241013, -0.034165025],
        ),
        (
            "blocks.0.ls1.gamma",
            vec![768],
            [0.22880581, 0.54683685, 0.75707376],
        ),
    ];
    for (name, shape, [first, second, last]) in expected {
        let values = tensor(name, &shape)
            .flatten_all()
            .and_then(|flat| flat.to_vec1::<f32>());
        let values = values.expect("an f32 tensor");
        assert_eq!(
            [values[0], values[1], values[values.len() - 1]],
            [first, second, last],
            "{name}"
        );
    }
    let values = input(1, 224, 224)
        .flatten_all()
        .and_then(|flat| flat.to_vec1::<f32>());
    assert_eq!(values.expect("an f32 tensor")[..2], [-1.6087267, 0.6094415]);
}

/// The tensors that `tensors.txt` in the folder of a golden model lists: name and shape.
pub fn listed(folder: &std::path::Path) -> Vec<(String, Vec<usize>)> {
    let list = std::fs::read_to_string(folder.join("tensors.txt")).expect("a list of tensors");
    let line = |line: &str| {
        let mut words = line.split_whitespace().map(str::to_owned);
        let name = words.next().expect("a name");
        let shape = words.map(|word| word.parse().expect("a dimension"));
        (name, shape.collect())
    };
    list.lines().map(line).collect()
}

/// The tensors of a golden model, its folder's list filled in by the formula.
pub fn filled(folder: &std::path::Path) -> impl Iterator<Item = (String, Tensor)> {
    listed(folder).into_iter().map(|(name, shape)| {
        let values = tensor(&name, &shape);
        (name, values)
    })
}
