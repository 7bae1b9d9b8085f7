use std::str::FromStr;

/// A variable of the adapter: `NAME=VALUE`, or a name alone.
#[derive(Clone, Debug)]
pub(in crate::cli) struct VariableArgument {
    pub(in crate::cli) name: String,
    /// Absent, if the environment has it.
    pub(in crate::cli) value: Option<String>,
    /// Under which name the environment has it.
    pub(in crate::cli) env: String,
}

impl VariableArgument {
    /// A variable that the environment has under the same name.
    pub(in crate::cli) fn plain(name: &str) -> Result<Self, String> {
        let plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
        match !name.is_empty() && name.chars().all(plain) {
            true => Ok(Self { name: name.to_owned(), value: None, env: name.to_owned() }),
            false => Err("a variable's name has letters, digits and `_`".to_owned()),
        }
    }

    /// The argument as others may see it: only what is a name keeps its value;
    /// the rest comes from the environment.
    pub(super) fn shown(&self) -> String {
        match (&self.value, self.name.as_str()) {
            (Some(value), "username" | "display_name" | "email" | "user_id") => {
                format!("{}={value}", self.name)
            }
            _ => self.name.clone(),
        }
    }
}

impl FromStr for VariableArgument {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        let (name, value) = match text.split_once('=') {
            Some((name, value)) => (name, Some(value.to_owned())),
            None => (text, None),
        };
        let variable = Self::plain(name).map_err(|_| "expected NAME=VALUE or NAME".to_owned())?;
        Ok(Self { value, ..variable })
    }
}
