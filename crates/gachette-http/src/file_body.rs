//! A file as the body of a request, read as it is sent.

use axum::body::Body;
use bytes::Bytes;
use futures::stream::unfold;
use futures::{Stream, StreamExt};
use tokio::fs::File;
use tokio::io::AsyncReadExt;

/// How much of a file is read at once, in bytes.
const BLOCK: usize = 1 << 18;

/// These bytes, and behind them the file, when there is one.
pub(crate) fn headed_file_body(head: Vec<u8>, file: Option<File>) -> Body {
    let head = futures::stream::once(async { Ok(Bytes::from(head)) });
    match file {
        Some(file) => Body::from_stream(head.chain(blocks(file))),
        None => Body::from_stream(head),
    }
}

fn blocks(file: File) -> impl Stream<Item = std::io::Result<Bytes>> + Send {
    unfold(Some(file), async |file| {
        let mut file = file?;
        let mut block = vec![0; BLOCK];
        match file.read(&mut block).await {
            Ok(0) => None,
            Ok(count) => {
                block.truncate(count);
                Some((Ok(block.into()), Some(file)))
            }
            Err(error) => Some((Err(error), None)),
        }
    })
}
