use crate::outcome::visible;
use crate::quoting::quoted;

/// The command that runs one check of a run again.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Replay {
    /// The arguments that it shares with the run: where the target is, how it
    /// is spoken to, seed and run id. Each is a flag with its value, if any.
    pub arguments: Vec<Vec<String>>,
    /// The page that was looked at, if it was one: there all is seen at once.
    pub page: Option<String>,
}

impl Replay {
    /// Whether the run id is among the arguments.
    pub fn names_the_run(&self) -> bool {
        self.arguments.iter().flatten().any(|word| word == "--run-id")
    }

    /// The command in lines that fit, ready to be pasted into a shell.
    pub fn lines(&self, only: Option<&str>, width: usize) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        for piece in self.pieces(only) {
            // Two columns are for the backslash.
            if !line.is_empty() && line.len() + 1 + piece.len() + 2 > width {
                lines.push(format!("{line} \\"));
                line = "  ".to_owned();
            } else if !line.is_empty() {
                line.push(' ');
            }
            line.push_str(&piece);
        }
        lines.push(line);
        lines
    }

    /// The command in pieces that belong together.
    fn pieces(&self, only: Option<&str>) -> Vec<String> {
        let only = only.filter(|_| self.page.is_none());
        let only = only.map(|id| vec!["--only".to_owned(), id.to_owned()]);
        let words =
            self.arguments.iter().chain(&only).map(|argument| {
                argument.iter().map(|word| pasted(word)).collect::<Vec<_>>().join(" ")
            });
        let verb = match &self.page {
            Some(page) => format!("passrig page {}", pasted(page)),
            None => "passrig check".to_owned(),
        };
        std::iter::once(verb).chain(words).collect()
    }
}

/// A word as a shell reads it. A word with a character that cannot be seen is spelled out: it is not
/// run again, but it does not change what is pasted either.
fn pasted(word: &str) -> String {
    quoted(&visible::line(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fits_and_can_be_pasted() {
        let argument = |words: &[&str]| words.iter().map(|word| (*word).to_owned()).collect();
        let replay = Replay {
            arguments: vec![
                argument(&["--rp", "http://localhost:3000"]),
                argument(&["--adapter", "my adapters/it's.toml"]),
                argument(&["--insecure"]),
                argument(&["--seed", "00ff"]),
            ],
            page: None,
        };
        insta::assert_snapshot!(replay.lines(Some("registration.origin.suffix"), 60).join("\n"), @r"
        passrig check --rp http://localhost:3000 \
          --adapter 'my adapters/it'\''s.toml' --insecure \
          --seed 00ff --only registration.origin.suffix
        ");
        let page = Replay { page: Some("https://shop.test/?a&b".to_owned()), ..replay };
        assert!(
            page.lines(Some("a.b"), 80)[0].starts_with("passrig page 'https://shop.test/?a&b'")
        );
        assert_eq!(Replay::default().lines(Some("a.b"), 80), ["passrig check --only a.b"]);
    }
}
