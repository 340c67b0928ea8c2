//! An S3 server that keeps objects in memory, for benchmarks with a million documents.
//!
//! Requests, signatures and answers are those of the crate `s3s`; this file is only the storage below it. (`s3s-fs` reads the
//! whole folder for every page of a listing, and moto needs some milliseconds for a request.) Copies of ranges share their
//! memory with the original. The only user is `test`, with the secret `test`. Every bucket exists.

mod objects;

use std::io;
use std::sync::{Mutex, MutexGuard, PoisonError};
use std::time::SystemTime;

use futures::{StreamExt as _, stream};
use hyper_util::rt::TokioIo;
use hyper_util::server::conn::auto::Builder;
use s3s::auth::SimpleAuth;
use s3s::dto::*;
use s3s::service::S3ServiceBuilder;
use s3s::{S3, S3Request, S3Response, S3Result, s3_error};

use objects::{Content, Objects};

/// The storage below the protocol.
#[derive(Default)]
struct Memory(Mutex<Objects>);

impl Memory {
    fn objects(&self) -> MutexGuard<'_, Objects> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

/// The name of an object among those of all buckets.
fn name(bucket: &str, key: &str) -> String {
    format!("{bucket}/{key}")
}

fn tag(number: u64) -> ETag {
    ETag::Strong(format!("{number:032x}"))
}

async fn body(blob: Option<StreamingBlob>, len_bytes: Option<i64>) -> S3Result<Content> {
    let mut all = Vec::with_capacity(len_bytes.and_then(|len| usize::try_from(len).ok()).unwrap_or(0));
    if let Some(mut blob) = blob {
        while let Some(part) = blob.next().await {
            all.extend_from_slice(&part.map_err(|_| s3_error!(IncompleteBody))?);
        }
    }
    Ok(Content::of(all))
}

fn blob(content: Content) -> StreamingBlob {
    StreamingBlob::wrap(stream::iter(content.into_pieces().into_iter().map(Ok::<_, io::Error>)))
}

fn now() -> Timestamp {
    SystemTime::now().into()
}

#[async_trait::async_trait]
impl S3 for Memory {
    async fn create_bucket(&self, _: S3Request<CreateBucketInput>) -> S3Result<S3Response<CreateBucketOutput>> {
        Ok(S3Response::new(CreateBucketOutput::default()))
    }

    async fn put_object(&self, request: S3Request<PutObjectInput>) -> S3Result<S3Response<PutObjectOutput>> {
        let input = request.input;
        let content = body(input.body, input.content_length).await?;
        let number = self.objects().put(name(&input.bucket, &input.key), content);
        Ok(S3Response::new(PutObjectOutput { e_tag: Some(tag(number)), ..PutObjectOutput::default() }))
    }

    async fn get_object(&self, request: S3Request<GetObjectInput>) -> S3Result<S3Response<GetObjectOutput>> {
        let input = request.input;
        let found = self.objects().get(&name(&input.bucket, &input.key));
        let (content, number) = found.ok_or_else(|| s3_error!(NoSuchKey))?;
        let len_bytes = content.len_bytes();
        let mut output = GetObjectOutput {
            e_tag: Some(tag(number)),
            last_modified: Some(now()),
            accept_ranges: Some("bytes".to_owned()),
            ..GetObjectOutput::default()
        };
        let content = match input.range {
            None => content,
            Some(range) => {
                let range = range.check(len_bytes).map_err(|_| s3_error!(InvalidRange))?;
                output.content_range = Some(format!("bytes {}-{}/{len_bytes}", range.start, range.end - 1));
                content.range(range)
            }
        };
        output.content_length = i64::try_from(content.len_bytes()).ok();
        output.body = Some(blob(content));
        Ok(S3Response::new(output))
    }

    async fn head_object(&self, request: S3Request<HeadObjectInput>) -> S3Result<S3Response<HeadObjectOutput>> {
        let input = request.input;
        let found = self.objects().get(&name(&input.bucket, &input.key));
        let (content, number) = found.ok_or_else(|| s3_error!(NoSuchKey))?;
        Ok(S3Response::new(HeadObjectOutput {
            content_length: i64::try_from(content.len_bytes()).ok(),
            e_tag: Some(tag(number)),
            last_modified: Some(now()),
            ..HeadObjectOutput::default()
        }))
    }

    async fn delete_object(&self, request: S3Request<DeleteObjectInput>) -> S3Result<S3Response<DeleteObjectOutput>> {
        self.objects().delete(&name(&request.input.bucket, &request.input.key));
        Ok(S3Response::new(DeleteObjectOutput::default()))
    }

    async fn delete_objects(
        &self,
        request: S3Request<DeleteObjectsInput>,
    ) -> S3Result<S3Response<DeleteObjectsOutput>> {
        let mut objects = self.objects();
        for object in &request.input.delete.objects {
            objects.delete(&name(&request.input.bucket, &object.key));
        }
        Ok(S3Response::new(DeleteObjectsOutput::default()))
    }

    async fn list_objects_v2(
        &self,
        request: S3Request<ListObjectsV2Input>,
    ) -> S3Result<S3Response<ListObjectsV2Output>> {
        let input = request.input;
        let start = name(&input.bucket, "");
        let prefix = name(&input.bucket, input.prefix.as_deref().unwrap_or_default());
        // The token of a page is the last key of the one before it.
        let after = input.continuation_token.as_deref().max(input.start_after.as_deref());
        let after = name(&input.bucket, after.unwrap_or_default());
        let max_count = input.max_keys.and_then(|count| usize::try_from(count).ok()).unwrap_or(1000).min(1000);
        let page = self.objects().page(&prefix, &after, input.delimiter.as_deref(), max_count);
        let key = |name: &str| name.strip_prefix(&start).unwrap_or(name).to_owned();
        let contents: Vec<_> = page
            .objects
            .iter()
            .map(|(name, len_bytes, number)| Object {
                key: Some(key(name)),
                size: i64::try_from(*len_bytes).ok(),
                e_tag: Some(tag(*number)),
                last_modified: Some(now()),
                ..Object::default()
            })
            .collect();
        let folders: Vec<_> =
            page.folders.iter().map(|folder| CommonPrefix { prefix: Some(key(folder)) }).collect();
        Ok(S3Response::new(ListObjectsV2Output {
            key_count: i32::try_from(contents.len() + folders.len()).ok(),
            is_truncated: Some(page.last.is_some()),
            next_continuation_token: page.last.as_deref().map(key),
            contents: Some(contents),
            common_prefixes: Some(folders),
            max_keys: input.max_keys,
            name: Some(input.bucket),
            prefix: input.prefix,
            delimiter: input.delimiter,
            continuation_token: input.continuation_token,
            start_after: input.start_after,
            ..ListObjectsV2Output::default()
        }))
    }

    async fn create_multipart_upload(
        &self,
        request: S3Request<CreateMultipartUploadInput>,
    ) -> S3Result<S3Response<CreateMultipartUploadOutput>> {
        let input = request.input;
        let id = self.objects().begin(name(&input.bucket, &input.key));
        Ok(S3Response::new(CreateMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            upload_id: Some(id),
            ..CreateMultipartUploadOutput::default()
        }))
    }

    async fn upload_part(&self, request: S3Request<UploadPartInput>) -> S3Result<S3Response<UploadPartOutput>> {
        let input = request.input;
        let content = body(input.body, input.content_length).await?;
        let number = self.objects().add(&input.upload_id, input.part_number, content);
        let number = number.ok_or_else(|| s3_error!(NoSuchUpload))?;
        Ok(S3Response::new(UploadPartOutput { e_tag: Some(tag(number)), ..UploadPartOutput::default() }))
    }

    async fn upload_part_copy(
        &self,
        request: S3Request<UploadPartCopyInput>,
    ) -> S3Result<S3Response<UploadPartCopyOutput>> {
        let input = request.input;
        let CopySource::Bucket { bucket, key, .. } = &input.copy_source else {
            return Err(s3_error!(NotImplemented));
        };
        let mut objects = self.objects();
        let (content, number) = objects.get(&name(bucket, key)).ok_or_else(|| s3_error!(NoSuchKey))?;
        if let Some(ETagCondition::ETag(expected)) = &input.copy_source_if_match
            && *expected != tag(number)
        {
            return Err(s3_error!(PreconditionFailed));
        }
        let content = match &input.copy_source_range {
            None => content,
            Some(text) => {
                let range = Range::parse(text).map_err(|_| s3_error!(InvalidArgument))?;
                content.clone().range(range.check(content.len_bytes()).map_err(|_| s3_error!(InvalidRange))?)
            }
        };
        let number = objects.add(&input.upload_id, input.part_number, content);
        let number = number.ok_or_else(|| s3_error!(NoSuchUpload))?;
        let result =
            CopyPartResult { e_tag: Some(tag(number)), last_modified: Some(now()), ..CopyPartResult::default() };
        Ok(S3Response::new(UploadPartCopyOutput {
            copy_part_result: Some(result),
            ..UploadPartCopyOutput::default()
        }))
    }

    async fn complete_multipart_upload(
        &self,
        request: S3Request<CompleteMultipartUploadInput>,
    ) -> S3Result<S3Response<CompleteMultipartUploadOutput>> {
        let input = request.input;
        let parts = input.multipart_upload.and_then(|upload| upload.parts).unwrap_or_default();
        let numbers: Vec<_> = parts.iter().filter_map(|part| part.part_number).collect();
        let number = self.objects().complete(&input.upload_id, &numbers).map_err(|error| match error {
            objects::Refused::NoUpload => s3_error!(NoSuchUpload),
            objects::Refused::NoPart => s3_error!(InvalidPart),
            objects::Refused::TooSmall => s3_error!(EntityTooSmall),
        })?;
        Ok(S3Response::new(CompleteMultipartUploadOutput {
            bucket: Some(input.bucket),
            key: Some(input.key),
            e_tag: Some(tag(number)),
            ..CompleteMultipartUploadOutput::default()
        }))
    }

    async fn abort_multipart_upload(
        &self,
        request: S3Request<AbortMultipartUploadInput>,
    ) -> S3Result<S3Response<AbortMultipartUploadOutput>> {
        self.objects().abort(&request.input.upload_id);
        Ok(S3Response::new(AbortMultipartUploadOutput::default()))
    }

    async fn list_multipart_uploads(
        &self,
        request: S3Request<ListMultipartUploadsInput>,
    ) -> S3Result<S3Response<ListMultipartUploadsOutput>> {
        let input = request.input;
        let start = name(&input.bucket, "");
        let prefix = name(&input.bucket, input.prefix.as_deref().unwrap_or_default());
        let objects = self.objects();
        let uploads = objects.uploads(&prefix).map(|(id, name, begun_at)| MultipartUpload {
            key: name.strip_prefix(&start).map(str::to_owned),
            upload_id: Some(id.to_owned()),
            initiated: Some(begun_at.into()),
            ..MultipartUpload::default()
        });
        let uploads: Vec<_> = uploads.collect();
        drop(objects);
        Ok(S3Response::new(ListMultipartUploadsOutput {
            bucket: Some(input.bucket),
            is_truncated: Some(false),
            uploads: Some(uploads),
            ..ListMultipartUploadsOutput::default()
        }))
    }
}

#[tokio::main]
async fn main() -> io::Result<()> {
    let address = std::env::args().nth(1).unwrap_or_else(|| "127.0.0.1:54390".to_owned());
    let mut builder = S3ServiceBuilder::new(Memory::default());
    builder.set_auth(SimpleAuth::from_single("test", "test"));
    let service = builder.build();
    let listener = tokio::net::TcpListener::bind(&address).await?;
    println!("http://{}", listener.local_addr()?);
    loop {
        let (socket, _) = listener.accept().await?;
        socket.set_nodelay(true)?;
        let service = service.clone();
        tokio::spawn(async move {
            let server = Builder::new(hyper_util::rt::TokioExecutor::new()).http1_only();
            let _ = server.serve_connection(TokioIo::new(socket), service).await;
        });
    }
}
