//! The leading byte of an input, which chooses how a body treats the rest.

/// Splits the control byte off; an input without one is the control byte 0 and nothing.
pub fn split(data: &[u8]) -> (Control, &[u8]) {
    match data {
        [control, rest @ ..] => (Control(*control), rest),
        [] => (Control(0), data),
    }
}

/// Choices, one a bit.
#[derive(Clone, Copy)]
pub struct Control(u8);

impl Control {
    pub const fn has(self, bit: u8) -> bool {
        self.0 & bit != 0
    }
}
