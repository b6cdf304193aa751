#![no_main]

#[allow(dead_code)] // each target runs one of its functions
#[path = "../../language/survive.rs"]
mod survive;

#[path = "../../language/names.rs"]
mod names;

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| {
    if let Ok(text) = std::str::from_utf8(bytes) {
        survive::highlighting(text);
    }
});
