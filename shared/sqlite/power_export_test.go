package sqlite

// ExecOn is Exec through a VFS.
func ExecOn(path, vfs string, statements ...string) error {
	c, err := dial(path, vfs, 0)
	if err != nil {
		return err
	}
	defer c.close()
	for _, sql := range statements {
		if _, err := c.exec(sql); err != nil {
			return err
		}
	}
	return nil
}
