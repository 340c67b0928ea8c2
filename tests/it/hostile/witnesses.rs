//! Other programs as witnesses: whatever the reader accepts, they read the same.
