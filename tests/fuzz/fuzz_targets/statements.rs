#![no_main]

libfuzzer_sys::fuzz_target!(|text: &str| vitscope_fuzz::survive::statements(text));
