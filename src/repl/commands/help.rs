//! What `.help` says, from the table of commands.

use super::parse::spec_of;
use super::table::{COMMANDS, Spec};
use crate::interface::failure::Failure;

/// What `.help` says: all commands, or one.
///
/// # Errors
/// When there is no command of that name.
pub fn help(about: &str) -> Result<String, Failure> {
    if !about.is_empty() {
        let spec = spec_of(&format!(".{}", about.trim_start_matches(['.', '\\'])))?;
        let aliases: Vec<String> = spec
            .aliases
            .iter()
            .map(|alias| format!(".{alias}"))
            .collect();
        let aliases = if aliases.is_empty() {
            String::new()
        } else {
            format!("\n\nalso: {}", aliases.join(", "))
        };
        return Ok(format!(
            ".{} {}\n\n{}{aliases}",
            spec.name, spec.form, spec.about
        ));
    }
    let line = |spec: &Spec| {
        let form = format!(".{} {}", spec.name, spec.form);
        format!("  {form:<20}{}", spec.about)
    };
    let lines: Vec<String> = COMMANDS.iter().map(line).collect();
    Ok(format!(
        "commands of the prompt; `help` lists what can be asked\n{}",
        lines.join("\n")
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_is_helped() {
        let all = help("").unwrap();
        for spec in &COMMANDS {
            assert!(all.contains(&format!(".{}", spec.name)), "{}", spec.name);
            assert!(help(spec.name).unwrap().contains(spec.about));
        }
        assert!(help("timer on").unwrap().contains("on|off"));
        assert!(help("tmier").unwrap_err().to_string().contains(".tmier"));
    }
}
