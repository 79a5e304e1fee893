package sqlstore

// syncFolder does nothing: Windows cannot flush a folder, NTFS keeps renames in its journal.
func syncFolder(string) error { return nil }
