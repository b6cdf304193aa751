//! Width and height, checked before any memory is asked for.

/// Memory that the samples of one image may take as they are stored; the pixels made of them come on top.
const BOUND: u64 = 1 << 30;

/// Bytes a pixel takes at least: three samples, and a fourth in files that have one.
pub(super) const PIXEL: u64 = 4;

/// Refuses images without pixels and those that take more memory than an image may.
pub(super) fn check(width: u64, height: u64, bytes_per_pixel: u64) -> Result<(), String> {
    if width == 0 || height == 0 {
        return Err(format!(
            "it is {width} × {height} pixels, so it shows nothing"
        ));
    }
    let pixels = u128::from(width) * u128::from(height);
    let needed = pixels.saturating_mul(u128::from(bytes_per_pixel.max(PIXEL)));
    if needed > u128::from(BOUND) {
        let (needed, bound) = (needed.div_ceil(1 << 20), BOUND >> 20);
        return Err(format!(
            "it is {width} × {height} pixels, which take {needed} MiB; the bound is {bound} MiB for one image"
        ));
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::check;

    #[test]
    fn what_shows_nothing_or_takes_too_much_is_refused() {
        assert!(check(14_000, 12_000, 4).is_ok(), "168 megapixels");
        assert!(check(16_384, 16_384, 4).is_ok());
        let error = check(16_384, 16_385, 3).expect_err("a row too many");
        assert!(
            error.contains("1025 MiB") && error.contains("bound"),
            "{error}"
        );
        assert!(check(16_384, 8_192, 9).is_err());
        for (width, height) in [(0, 5), (5, 0), (0, 0)] {
            assert!(
                check(width, height, 4)
                    .expect_err("empty")
                    .contains("nothing")
            );
        }
        assert!(check(u64::from(u32::MAX), u64::MAX, u64::MAX).is_err());
    }
}
