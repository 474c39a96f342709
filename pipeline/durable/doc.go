// Package durable writes files so that a crash leaves either the old content or the new, never a
// mixture: it writes a temporary file next to the target, syncs it, renames it and syncs the directory.
// It also has the small file operations that several packages need.
package durable
