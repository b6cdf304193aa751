//! Memory for what lives only within a layer, used again by the next one: fresh memory costs as much to clear and map as
//! to fill, a tenth of a forward pass in all.

use std::cell::RefCell;
use std::ops::{Deref, DerefMut};

/// How many buffers a thread keeps.
const KEPT: usize = 4;

thread_local! {
    static FREE: RefCell<Vec<Vec<f32>>> = const { RefCell::new(Vec::new()) };
}

/// Numbers of no particular value at first; goes back to its thread when dropped.
pub(super) struct Buffer {
    values: Vec<f32>,
    length: usize,
}

impl Buffer {
    /// The smallest free buffer that holds `length` numbers, or a new one.
    pub fn of(length: usize) -> Self {
        let mut values = FREE.with_borrow_mut(|free| {
            let fits = |values: &Vec<f32>| values.len() >= length;
            let best = (0..free.len())
                .filter(|index| fits(&free[*index]))
                .min_by_key(|index| free[*index].len());
            best.map(|index| free.swap_remove(index))
                .unwrap_or_default()
        });
        if values.len() < length {
            values = vec![0.0; length];
        }
        Self { values, length }
    }
}

impl Deref for Buffer {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.values[..self.length]
    }
}

impl DerefMut for Buffer {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.values[..self.length]
    }
}

impl Drop for Buffer {
    /// Of more buffers than are kept, the smallest goes.
    fn drop(&mut self) {
        let values = std::mem::take(&mut self.values);
        // A thread that ends keeps nothing.
        let _ = FREE.try_with(|free| {
            let mut free = free.borrow_mut();
            free.push(values);
            if free.len() > KEPT {
                let smallest = (0..free.len()).min_by_key(|index| free[*index].len());
                smallest.map(|index| free.swap_remove(index));
            }
        });
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn memory_is_used_again() {
        let first = Buffer::of(1000);
        let place = first.as_ptr();
        drop(first);
        let smaller = Buffer::of(10);
        assert_eq!((smaller.as_ptr(), smaller.len()), (place, 10));
        assert_ne!(Buffer::of(1000).as_ptr(), place, "it is in use");
    }
}
