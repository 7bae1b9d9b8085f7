use owo_colors::{OwoColorize, Style};

use super::Outcome;

/// How a text for people looks: its width, and whether it has colours.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Paint {
    /// Columns.
    pub width: usize,
    /// Whether there are colours.
    pub colour: bool,
}

impl Paint {
    /// 80 columns without colours.
    pub const PLAIN: Self = Self { width: 80, colour: false };

    /// Something that stands out.
    pub fn strong(self, text: &str) -> String {
        self.styled(text, Style::new().bold())
    }

    /// Something that steps back.
    pub fn faint(self, text: &str) -> String {
        self.styled(text, Style::new().dimmed())
    }

    /// Something in the colour of an outcome.
    pub fn outcome(self, outcome: Outcome, text: &str) -> String {
        let style = Style::new();
        self.styled(
            text,
            match outcome {
                Outcome::Pass => style.green(),
                Outcome::Fail | Outcome::Error => style.red().bold(),
                Outcome::Warn => style.yellow(),
                Outcome::Note => style.cyan(),
                Outcome::Inconclusive => style.magenta(),
                Outcome::Skipped => style.dimmed(),
            },
        )
    }

    /// The text in lines that fit, each after `indent`; the first after
    /// `first` instead. What is already in lines of its own stays so.
    pub fn wrap(self, text: &str, first: &str, indent: &str) -> String {
        let options = textwrap::Options::new(self.width)
            .initial_indent(first)
            .subsequent_indent(indent)
            .break_words(false)
            .word_separator(textwrap::WordSeparator::AsciiSpace)
            .word_splitter(textwrap::WordSplitter::NoHyphenation);
        textwrap::fill(text, options)
    }

    fn styled(self, text: &str, style: Style) -> String {
        if self.colour { text.style(style).to_string() } else { text.to_owned() }
    }
}
