//! From bytes in a file to numbers: types, and tensors whose axes were exchanged or that skip numbers.

use safetensors::tensor::Dtype;

/// Numbers of a floating-point type, as f32; `None` for other types.
pub(super) fn to_f32(kind: Dtype, bytes: &[u8]) -> Option<Vec<f32>> {
    let halves = || bytes.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
    match kind {
        Dtype::F32 => {
            let quads = bytes.chunks_exact(4);
            Some(
                quads
                    .map(|quad| f32::from_le_bytes([quad[0], quad[1], quad[2], quad[3]]))
                    .collect(),
            )
        }
        Dtype::F64 => {
            let eights = bytes.chunks_exact(8);
            let number = |eight: &[u8]| Some(f64::from_le_bytes(eight.try_into().ok()?) as f32);
            eights.map(number).collect()
        }
        Dtype::F16 => Some(
            halves()
                .map(|pair| half::f16::from_le_bytes(pair).to_f32())
                .collect(),
        ),
        Dtype::BF16 => Some(
            halves()
                .map(|pair| half::bf16::from_le_bytes(pair).to_f32())
                .collect(),
        ),
        _ => None,
    }
}

/// Whether a type counts instead of measuring.
pub(super) fn is_integer(kind: Dtype) -> bool {
    matches!(
        kind,
        Dtype::BOOL
            | Dtype::U8
            | Dtype::I8
            | Dtype::U16
            | Dtype::I16
            | Dtype::U32
            | Dtype::I32
            | Dtype::U64
            | Dtype::I64
    )
}

/// The tensor of `shape`, row by row, whose neighbours along each axis are `strides` apart in `numbers`.
pub(super) fn gathered(numbers: &[f32], shape: &[usize], strides: &[usize]) -> Vec<f32> {
    let mut places = vec![0];
    for (size, stride) in shape.iter().zip(strides) {
        let along = |place: &usize| {
            let place = *place;
            (0..*size).map(move |index| place + index * stride)
        };
        places = places.iter().flat_map(along).collect();
    }
    places.iter().map(|place| numbers[*place]).collect()
}
