// A Go file may leave out the body of a function only beside a file like this one.
