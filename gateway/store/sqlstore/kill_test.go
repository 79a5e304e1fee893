package sqlstore_test

const childEnv = "POSTERN_SQLSTORE_TEST_FOLDER"

func child(string) int { return 0 }
