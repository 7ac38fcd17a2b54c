#![no_main]

libfuzzer_sys::fuzz_target!(|bytes: &[u8]| uncordon::fuzz::knock("patch", bytes));
