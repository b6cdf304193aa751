//! Where models run: on the CPU, or on a GPU that the program was built for.

use std::fmt;
use std::str::FromStr;

use candle_core::Device;

/// A device as it is named.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum Choice {
    /// The CPU: this program's own kernels, on all cores.
    #[default]
    Cpu,
    /// NVIDIA's GPU of this number.
    Cuda(usize),
    /// Apple's GPU.
    Metal,
}

/// What a device may be called, for listings and errors.
pub const NAMES: &str = "cpu, cuda, cuda:N, metal";

/// Why a device can't be used.
#[derive(Debug, thiserror::Error)]
pub enum DeviceError {
    /// No device is called so.
    #[error("there is no device “{0}”; it is one of: {NAMES}")]
    Unknown(String),
    /// The program can't drive such devices.
    #[error("this vitscope was built without {}", technology(*.0))]
    NotBuilt(Choice),
    /// The machine has none, or it can't be used.
    #[error("{0} can't be used: {1}")]
    NotThere(Choice, String),
}

impl DeviceError {
    /// What to do.
    #[must_use]
    pub fn help(&self) -> String {
        match self {
            Self::Unknown(_) => "`vitscope doctor` says which devices there are".to_owned(),
            Self::NotBuilt(choice) => format!(
                "build it with `cargo build --release --features {}`, or run models on the cpu",
                choice.feature().unwrap_or_default()
            ),
            Self::NotThere(..) => {
                "`vitscope doctor` says which devices there are; `--device cpu` needs none of them"
                    .to_owned()
            }
        }
    }
}

impl Choice {
    /// The same, if the program was built for it.
    ///
    /// # Errors
    /// [`DeviceError::NotBuilt`].
    pub fn built(self) -> Result<Self, DeviceError> {
        let is_built = match self {
            Self::Cpu => true,
            Self::Cuda(_) => cfg!(feature = "cuda"),
            Self::Metal => cfg!(feature = "metal"),
        };
        is_built.then_some(self).ok_or(DeviceError::NotBuilt(self))
    }

    /// Makes the device ready.
    ///
    /// # Errors
    /// [`DeviceError`] when the program was not built for it or it is not there.
    pub fn open(self) -> Result<Device, DeviceError> {
        let opened = match self.built()? {
            Self::Cpu => Ok(Device::Cpu),
            Self::Cuda(number) => Device::new_cuda(number),
            Self::Metal => Device::new_metal(0),
        };
        // The lines after the first are a backtrace.
        let first_line = |why: String| why.lines().next().unwrap_or_default().to_owned();
        opened.map_err(|why| DeviceError::NotThere(self, first_line(why.to_string())))
    }

    /// The feature of the program's build that drives it.
    fn feature(self) -> Option<&'static str> {
        match self {
            Self::Cpu => None,
            Self::Cuda(_) => Some("cuda"),
            Self::Metal => Some("metal"),
        }
    }
}

fn technology(choice: Choice) -> &'static str {
    match choice {
        Choice::Cpu => "the CPU",
        Choice::Cuda(_) => "CUDA",
        Choice::Metal => "Metal",
    }
}

impl fmt::Display for Choice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(0) => f.write_str("cuda"),
            Self::Cuda(number) => write!(f, "cuda:{number}"),
            Self::Metal => f.write_str("metal"),
        }
    }
}

impl FromStr for Choice {
    type Err = DeviceError;

    fn from_str(name: &str) -> Result<Self, DeviceError> {
        match name {
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            "metal" => Ok(Self::Metal),
            _ => {
                let number = name.strip_prefix("cuda:").map(str::parse);
                match number {
                    Some(Ok(number)) => Ok(Self::Cuda(number)),
                    _ => Err(DeviceError::Unknown(name.to_owned())),
                }
            }
        }
    }
}

/// The devices that can be used here, the CPU first.
#[must_use]
pub fn found() -> Vec<Choice> {
    let opens = |choice: &Choice| choice.open().is_ok();
    let cuda = (0..).map(Choice::Cuda).take_while(opens);
    let metal = std::iter::once(Choice::Metal).filter(opens);
    std::iter::once(Choice::Cpu)
        .chain(cuda)
        .chain(metal)
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn devices_are_named_and_others_refused() {
        for (name, choice) in [
            ("cpu", Choice::Cpu),
            ("cuda", Choice::Cuda(0)),
            ("cuda:1", Choice::Cuda(1)),
            ("metal", Choice::Metal),
        ] {
            assert_eq!(name.parse::<Choice>().unwrap(), choice);
            assert_eq!(choice.to_string(), name);
        }
        for name in ["", "gpu", "cuda:", "cuda:-1", "cuda:x", "CPU"] {
            let error = name.parse::<Choice>().unwrap_err().to_string();
            assert!(error.contains(NAMES), "{error}");
        }
    }

    #[test]
    #[cfg(not(any(feature = "cuda", feature = "metal")))]
    fn a_build_for_the_cpu_says_how_to_get_another() {
        assert!(Choice::Cpu.open().unwrap().is_cpu());
        assert_eq!(found(), [Choice::Cpu]);
        for (choice, feature) in [(Choice::Cuda(1), "cuda"), (Choice::Metal, "metal")] {
            let error = choice.open().unwrap_err();
            assert!(error.to_string().contains("built without"), "{error}");
            let help = error.help();
            assert!(help.contains(&format!("--features {feature}")), "{help}");
        }
    }
}
