//! A mail server on this machine for the mail of a target.
//!
//! Just as much of SMTP (RFC 5321) as a program needs that hands mail over: no
//! authentication, no TLS, nothing goes any further.

use std::io;
use std::net::SocketAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use mail_parser::MessageParser;
use tokio::io::{AsyncBufReadExt, AsyncReadExt, AsyncWriteExt, BufReader};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::Notify;

/// Bytes of a mail that are taken.
const LARGEST: u64 = 1 << 20;
/// The longest wait for a client.
const IDLE_LIMIT: Duration = Duration::from_secs(60);

/// The mailbox of a mail server.
#[derive(Clone, Debug)]
pub struct Mailbox {
    address: SocketAddr,
    mails: Arc<Mutex<Vec<Mail>>>,
    arrived: Arc<Notify>,
}

/// A mail that has not been read.
#[derive(Clone, Debug)]
struct Mail {
    to: Vec<String>,
    text: String,
}

impl Mailbox {
    /// Listens at an address until the program ends.
    pub async fn open(address: SocketAddr) -> io::Result<Self> {
        let listener = TcpListener::bind(address).await?;
        let address = listener.local_addr()?;
        let mailbox = Self { address, mails: Arc::default(), arrived: Arc::default() };
        let server = mailbox.clone();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                let server = server.clone();
                tokio::spawn(async move { server.receive(stream).await });
            }
        });
        Ok(mailbox)
    }

    /// The address at which it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The text of the next mail to an address, once for each mail. `None` if none comes in time.
    pub async fn next(&self, to: &str, deadline: Duration) -> Option<String> {
        let look = async {
            loop {
                let arrived = self.arrived.notified();
                let mut arrived = std::pin::pin!(arrived);
                // From here on no arrival is missed.
                arrived.as_mut().enable();
                if let Some(text) = self.take(to) {
                    return text;
                }
                arrived.await;
            }
        };
        tokio::time::timeout(deadline, look).await.ok()
    }

    fn take(&self, to: &str) -> Option<String> {
        let mut mails = self.locked();
        let is_theirs = |mail: &Mail| mail.to.iter().any(|one| one.eq_ignore_ascii_case(to));
        let index = mails.iter().position(is_theirs)?;
        Some(mails.remove(index).text)
    }

    fn locked(&self) -> MutexGuard<'_, Vec<Mail>> {
        self.mails.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// A session with a client; any error ends it.
    async fn receive(&self, stream: TcpStream) {
        let _ = tokio::time::timeout(10 * IDLE_LIMIT, self.session(stream)).await;
    }

    async fn session(&self, stream: TcpStream) -> io::Result<()> {
        let (reader, mut writer) = stream.into_split();
        let mut lines = BufReader::new(reader).take(2 * LARGEST);
        writer.write_all(b"220 passrig\r\n").await?;
        let mut to = Vec::new();
        let mut line = Vec::new();
        loop {
            line.clear();
            let read = tokio::time::timeout(IDLE_LIMIT, lines.read_until(b'\n', &mut line)).await;
            if read.ok().transpose()?.unwrap_or(0) == 0 {
                return Ok(());
            }
            let text = String::from_utf8_lossy(&line);
            let command = text.trim();
            let verb: String = command.chars().take(4).collect::<String>().to_ascii_uppercase();
            let reply: &[u8] = match verb.as_str() {
                "EHLO" | "HELO" | "NOOP" => b"250 passrig\r\n",
                "MAIL" | "RSET" => {
                    to.clear();
                    b"250 OK\r\n"
                }
                "RCPT" => {
                    to.extend(recipient(command));
                    b"250 OK\r\n"
                }
                "DATA" => {
                    writer.write_all(b"354 End with a dot\r\n").await?;
                    let bytes = data(&mut lines).await?;
                    self.locked().push(Mail { to: std::mem::take(&mut to), text: content(&bytes) });
                    self.arrived.notify_waiters();
                    b"250 OK\r\n"
                }
                "QUIT" => {
                    writer.write_all(b"221 Bye\r\n").await?;
                    return Ok(());
                }
                _ => b"502 Not here\r\n",
            };
            writer.write_all(reply).await?;
        }
    }
}

/// The address in `RCPT TO:<…>`.
fn recipient(command: &str) -> Option<String> {
    let (_, rest) = command.split_once('<')?;
    rest.split_once('>').map(|(address, _)| address.to_owned())
}

/// The lines up to a dot by itself; a dot more at their beginning is taken away
/// (§4.5.2).
async fn data(lines: &mut (impl AsyncBufReadExt + Unpin)) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    loop {
        let start = bytes.len();
        let read = tokio::time::timeout(IDLE_LIMIT, lines.read_until(b'\n', &mut bytes)).await;
        if read.ok().transpose()?.unwrap_or(0) == 0 {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let line = bytes.get(start..).unwrap_or_default();
        if line.trim_ascii_end() == b"." {
            bytes.truncate(start);
            return Ok(bytes);
        }
        if line.starts_with(b".") {
            bytes.remove(start);
        }
    }
}

/// The parts of a mail for a reader: subject, text, and the source of HTML, which has the links.
fn content(bytes: &[u8]) -> String {
    let Some(message) = MessageParser::default().parse(bytes) else {
        return String::from_utf8_lossy(bytes).into_owned();
    };
    let subject = message.subject().unwrap_or_default().to_owned();
    let texts = (0..message.text_body_count()).filter_map(|at| message.body_text(at));
    let pages = (0..message.html_body_count()).filter_map(|at| message.body_html(at));
    let parts = std::iter::once(subject.into()).chain(texts).chain(pages);
    parts.collect::<Vec<_>>().join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    async fn deliver(mailbox: &Mailbox, to: &str, data: &str) -> String {
        let mut stream = TcpStream::connect(mailbox.address()).await.unwrap();
        let said = format!(
            "EHLO me\r\nMAIL FROM:<shop@passrig.test>\r\nRCPT TO:<{to}>\r\nDATA\r\n{data}\r\n.\r\nQUIT\r\n"
        );
        stream.write_all(said.as_bytes()).await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        answers
    }

    #[tokio::test]
    async fn mail_is_read_once_and_by_its_recipient() {
        let mailbox = Mailbox::open(([127, 0, 0, 1], 0).into()).await.unwrap();
        let soon = Duration::from_millis(50);
        assert_eq!(mailbox.next("ann@passrig.test", soon).await, None);
        let mail = "Subject: =?utf-8?q?Your_c=C3=B6de?=\r\n\
             Content-Type: text/plain; charset=utf-8\r\n\
             Content-Transfer-Encoding: quoted-printable\r\n\r\n\
             It is =\r\n123456.\r\n..and a dot";
        let waiting = mailbox.clone();
        let reader =
            tokio::spawn(
                async move { waiting.next("Ann@passrig.test", Duration::from_secs(5)).await },
            );
        let answers = deliver(&mailbox, "ann@passrig.test", mail).await;
        assert!(answers.contains("354") && answers.ends_with("221 Bye\r\n"), "{answers}");
        let text = reader.await.unwrap().unwrap();
        assert_eq!(text.lines().next(), Some("Your cöde"));
        assert!(text.contains("It is 123456.") && text.contains("\n.and a dot"), "{text}");
        assert_eq!(mailbox.next("ann@passrig.test", soon).await, None);
        deliver(&mailbox, "bob@passrig.test", "Subject: x\r\n\r\ny").await;
        assert_eq!(mailbox.next("ann@passrig.test", soon).await, None);
    }

    #[tokio::test]
    async fn input_that_is_not_smtp_ends_the_session() {
        let mailbox = Mailbox::open(([127, 0, 0, 1], 0).into()).await.unwrap();
        let mut stream = TcpStream::connect(mailbox.address()).await.unwrap();
        stream.write_all(b"GET / HTTP/1.1\r\n\xff\r\nDATA\r\nno end").await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answers = String::new();
        stream.read_to_string(&mut answers).await.unwrap();
        assert_eq!(answers.lines().count(), 4, "{answers}");
        assert!(mailbox.locked().is_empty());
    }
}
