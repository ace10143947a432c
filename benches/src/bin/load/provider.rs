//! The stand-in for the provider: takes every call, on a thread of its own.

use std::{
    net::{Ipv4Addr, SocketAddr},
    sync::{
        Arc,
        atomic::{AtomicU64, Ordering},
    },
    thread,
};

use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
};
use voip_benches::sample;
use voip_core::ProviderCallId;

use crate::{Fault, message};

/// Where the legs of its calls begin, far from those in the database.
const FIRST_LEG: u64 = 1 << 60;

/// Starts it. It ends with the process.
pub(crate) fn start() -> Result<SocketAddr, Fault> {
    let runtime = tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?;
    let listener = runtime.block_on(TcpListener::bind((Ipv4Addr::LOCALHOST, 0)))?;
    let addr = listener.local_addr()?;
    // Nobody joins it: there is nothing in it to finish.
    drop(
        thread::Builder::new()
            .name("provider".to_owned())
            .spawn(move || {
                runtime.block_on(async {
                    let next = Arc::new(AtomicU64::new(FIRST_LEG));
                    while let Ok((stream, _)) = listener.accept().await {
                        drop(tokio::spawn(serve(stream, Arc::clone(&next))));
                    }
                });
            })?,
    );
    Ok(addr)
}

async fn serve(mut stream: TcpStream, next: Arc<AtomicU64>) -> std::io::Result<()> {
    stream.set_nodelay(true)?;
    let mut buffer = vec![0; 16 * 1024];
    let mut received = 0;
    loop {
        if let Some(head) = message::head(&buffer[..received])
            && received >= head.bytes + head.body
        {
            let answer = match asked_for(&buffer[..head.bytes]) {
                None => placed(
                    "201 Created",
                    &sample::leg(next.fetch_add(1, Ordering::Relaxed)),
                ),
                Some(leg) => placed("200 OK", &leg),
            };
            buffer.copy_within(head.bytes + head.body..received, 0);
            received -= head.bytes + head.body;
            stream.write_all(answer.as_bytes()).await?;
            continue;
        }
        match stream.read(&mut buffer[received..]).await? {
            0 => return Ok(()),
            bytes => received += bytes,
        }
    }
}

/// The leg that a request asks about, where it does not place a call.
fn asked_for(head: &[u8]) -> Option<ProviderCallId> {
    let target = std::str::from_utf8(head)
        .ok()?
        .strip_prefix("GET ")?
        .split(' ')
        .next()?;
    target
        .rsplit('/')
        .next()?
        .strip_suffix(".json")?
        .parse()
        .ok()
}

/// The resource of a call of which there is no news yet.
fn placed(status: &str, leg: &ProviderCallId) -> String {
    let account = sample::ACCOUNT;
    let (sid, from, to) = (leg.as_str(), sample::FROM, sample::TO);
    let uri = format!("/2010-04-01/Accounts/{account}/Calls/{sid}");
    let body = format!(
        r#"{{"account_sid":"{account}","annotation":null,"answered_by":null,"api_version":"2010-04-01","caller_name":null,"date_created":null,"date_updated":null,"direction":"outbound-api","duration":null,"end_time":null,"forwarded_from":null,"from":"{from}","from_formatted":"(500) 555-0006","group_sid":null,"parent_call_sid":null,"phone_number_sid":"","price":null,"price_unit":"USD","queue_time":"0","sid":"{sid}","start_time":null,"status":"queued","subresource_uris":{{"notifications":"{uri}/Notifications.json","recordings":"{uri}/Recordings.json"}},"to":"{to}","to_formatted":"(415) 555-2671","trunk_sid":null,"uri":"{uri}.json"}}"#
    );
    let length = body.len();
    format!(
        "HTTP/1.1 {status}\r\nContent-Type: application/json\r\nContent-Length: {length}\r\n\r\n{body}"
    )
}
