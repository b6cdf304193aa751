//! Matrices as tensors on the CPU, and their products.

use candle_core::{DType, Device, Tensor, WithDType};

const SHAPES_AGREE: &str = "matrix shapes agree by construction";

/// A `[rows, cols]` tensor from row-major values.
pub(crate) fn matrix<T: WithDType>(values: Vec<T>, rows: usize, cols: usize) -> Tensor {
    Tensor::from_vec(values, (rows, cols), &Device::Cpu).expect(SHAPES_AGREE)
}

/// A `[rows, cols]` tensor that copies row-major values.
pub(crate) fn matrix_of<T: WithDType>(values: &[T], rows: usize, cols: usize) -> Tensor {
    Tensor::from_slice(values, (rows, cols), &Device::Cpu).expect(SHAPES_AGREE)
}

/// A tensor in f64 and on the CPU: other devices are slow in f64, and Metal has none.
///
/// # Errors
/// The tensor library's.
pub(crate) fn exact(tensor: &Tensor) -> candle_core::Result<Tensor> {
    tensor.to_device(&Device::Cpu)?.to_dtype(DType::F64)
}

/// `a · b`.
pub(crate) fn product(a: &Tensor, b: &Tensor) -> Tensor {
    a.matmul(b).expect(SHAPES_AGREE)
}

/// `aᵀ · b`, without copying `a`.
pub(crate) fn transposed_product(a: &Tensor, b: &Tensor) -> Tensor {
    product(&a.t().expect(SHAPES_AGREE), b)
}

/// `a · bᵀ`, without copying `b`.
pub(crate) fn product_transposed(a: &Tensor, b: &Tensor) -> Tensor {
    product(a, &b.t().expect(SHAPES_AGREE))
}

/// The values of a contiguous tensor, row-major.
pub(crate) fn values<T: WithDType>(tensor: &Tensor) -> Vec<T> {
    let flat = tensor.flatten_all().expect(SHAPES_AGREE);
    flat.to_vec1()
        .expect("the tensor has the type it was made with")
}
