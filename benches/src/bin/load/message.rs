//! The heads of HTTP/1.1 messages, as far as a client of one's own server has
//! to understand them.

/// What a complete head says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Head {
    /// How long it is, the empty line included.
    pub(crate) bytes: usize,
    /// How long the body after it is.
    pub(crate) body: usize,
}

/// Reads the head that `received` begins with; `None` while it is not whole.
pub(crate) fn head(received: &[u8]) -> Option<Head> {
    let bytes = received
        .windows(4)
        .position(|window| window == b"\r\n\r\n")?
        + 4;
    let lines = received[..bytes].split(|&byte| byte == b'\n').skip(1);
    let mut body = 0;
    for line in lines {
        let name = b"content-length:";
        if line.len() > name.len() && line[..name.len()].eq_ignore_ascii_case(name) {
            let digits = line[name.len()..]
                .iter()
                .filter(|byte| byte.is_ascii_digit());
            body = digits.fold(0, |number, digit| number * 10 + usize::from(digit - b'0'));
        }
    }
    Some(Head { bytes, body })
}

/// The status in the head of an answer; 0 where there is none.
pub(crate) fn status(head: &[u8]) -> u16 {
    let digits = head.get(9..12).unwrap_or_default();
    digits.iter().fold(0, |number, digit| {
        number * 10 + u16::from(digit.wrapping_sub(b'0'))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_head_is_read_once_it_is_whole() {
        let whole = b"HTTP/1.1 201 Created\r\nContent-Length: 12\r\n\r\n{}";
        assert_eq!(head(&whole[..40]), None);
        assert_eq!(
            head(whole),
            Some(Head {
                bytes: 44,
                body: 12
            })
        );
        assert_eq!(status(whole), 201);
    }

    #[test]
    fn without_a_length_there_is_no_body() {
        assert_eq!(head(b"HTTP/1.1 204 No Content\r\n\r\n").unwrap().body, 0);
    }
}
