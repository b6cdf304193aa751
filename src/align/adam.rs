//! Adam, the optimiser of a fit, for one group of numbers.

/// Adam's running moments of one group of numbers.
pub(super) struct Adam {
    first: Vec<f32>,
    second: Vec<f32>,
}

impl Adam {
    pub(super) fn new(count: usize) -> Self {
        Self {
            first: vec![0.0; count],
            second: vec![0.0; count],
        }
    }

    /// One step (Kingma and Ba 2015, β = 0.9, 0.999, ε = 1e-8), with `corrected` the bias corrections of this step.
    pub(super) fn step(
        &mut self,
        values: &mut [f32],
        gradient: &[f32],
        rate: f32,
        corrected: [f32; 2],
    ) {
        let moments = self.first.iter_mut().zip(&mut self.second);
        for ((value, &slope), (first, second)) in values.iter_mut().zip(gradient).zip(moments) {
            *first += 0.1 * (slope - *first);
            *second += 0.001 * (slope * slope - *second);
            let length = (*second / corrected[1]).sqrt() + 1e-8;
            *value -= rate * (*first / corrected[0]) / length;
        }
    }
}
