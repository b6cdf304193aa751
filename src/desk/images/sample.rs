//! A few of the images that take part, where each costs a forward pass.

/// At most `most` of the images that take part, spread evenly over them.
#[must_use]
pub fn sample(keep: &[bool], most: usize) -> Vec<usize> {
    let all: Vec<usize> = (0..keep.len()).filter(|&id| keep[id]).collect();
    let count = all.len().min(most);
    (0..count).map(|i| all[i * all.len() / count]).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_sample_is_spread_over_the_images_that_take_part() {
        const MOST: usize = 512;
        let few: Vec<bool> = (0..10).map(|id| id % 2 == 1).collect();
        assert_eq!(sample(&few, MOST), [1, 3, 5, 7, 9]);
        let many = sample(&vec![true; 4 * MOST], MOST);
        assert_eq!(many.len(), MOST);
        assert!(many.iter().enumerate().all(|(i, id)| *id == 4 * i));
        assert_eq!(sample(&[false; 3], MOST), Vec::<usize>::new());
    }
}
