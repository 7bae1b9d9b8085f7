use tokio::io::{AsyncBufReadExt, AsyncRead, BufReader};

/// A line that is longer than anything that is expected.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct LineTooLong {
    /// The most bytes that a line may have.
    pub limit: usize,
}

/// The lines of a stream, of which no more is held than the limit.
#[derive(Debug)]
pub struct StreamLines<R> {
    reader: BufReader<R>,
    end: u8,
    limit: usize,
    line: Vec<u8>,
}

impl<R: AsyncRead + Unpin> StreamLines<R> {
    /// Lines of at most `limit` bytes.
    pub fn new(reader: R, limit: usize) -> Self {
        Self::ended_by(reader, b'\n', limit)
    }

    /// Lines that end with another byte.
    pub fn ended_by(reader: R, end: u8, limit: usize) -> Self {
        Self { reader: BufReader::new(reader), end, limit, line: Vec::new() }
    }

    /// The next line without its end; `None` at the end of the stream. After an error the rest of
    /// the line is still to be read.
    pub async fn next(&mut self) -> Result<Option<&[u8]>, LineTooLong> {
        match self.fill(true).await {
            Filled::Whole => Ok(Some(&self.line)),
            Filled::Nothing => Ok(None),
            Filled::Longer => Err(LineTooLong { limit: self.limit }),
        }
    }

    /// The next line, cut at the limit; `None` at the end of the stream.
    pub async fn next_cut(&mut self) -> Option<&[u8]> {
        match self.fill(false).await {
            Filled::Nothing => None,
            Filled::Whole | Filled::Longer => Some(&self.line),
        }
    }

    /// Reads a line and keeps as much of it as the limit allows.
    async fn fill(&mut self, gives_up: bool) -> Filled {
        self.line.clear();
        let mut filled = Filled::Nothing;
        loop {
            // A stream that cannot be read has ended.
            let Ok(available) = self.reader.fill_buf().await else { return filled };
            if available.is_empty() {
                return filled;
            }
            let end = available.iter().position(|byte| *byte == self.end);
            let piece = available.get(..end.unwrap_or(available.len())).unwrap_or_default();
            let room = self.limit.saturating_sub(self.line.len());
            self.line.extend_from_slice(piece.get(..room).unwrap_or(piece));
            let is_longer = piece.len() > room || matches!(filled, Filled::Longer);
            filled = if is_longer { Filled::Longer } else { Filled::Whole };
            let used = piece.len() + usize::from(end.is_some());
            self.reader.consume(used);
            if end.is_some() || (is_longer && gives_up) {
                return filled;
            }
        }
    }
}

enum Filled {
    Nothing,
    Whole,
    Longer,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn lines_have_a_limit() {
        let text = "one\n\n12345678\n123456789\nlast";
        let mut lines = StreamLines::new(text.as_bytes(), 8);
        for line in ["one", "", "12345678"] {
            assert_eq!(lines.next().await, Ok(Some(line.as_bytes())));
        }
        assert_eq!(lines.next().await, Err(LineTooLong { limit: 8 }));

        let mut lines = StreamLines::ended_by(text.as_bytes(), b'\n', 4);
        for line in ["one", "", "1234", "1234", "last"] {
            assert_eq!(lines.next_cut().await, Some(line.as_bytes()));
        }
        assert_eq!(lines.next_cut().await, None);
    }
}
