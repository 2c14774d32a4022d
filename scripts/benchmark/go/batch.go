package main

import (
	"bufio"
	"net"
)

// A stream that is written as fast as it goes would cost a system call for each event, more than the fastest proxy
// costs, and the server would be what is measured. So its events, each in an HTTP chunk of its own as ever, are sent
// several at a time: a proxy that has more to do than it can finds them so in its socket anyway.
const batchBytes = 1 << 13

type connectionKey struct{} // of a request's context

type batchListener struct{ net.Listener }

func (l batchListener) Accept() (net.Conn, error) {
	connection, err := l.Listener.Accept()
	if err != nil {
		return nil, err
	}
	return &batchConn{Conn: connection}, nil
}

// batchConn holds writes back between begin and end; both are called by the handler that writes.
type batchConn struct {
	net.Conn
	batch *bufio.Writer
}

func (c *batchConn) begin() { c.batch = bufio.NewWriterSize(c.Conn, batchBytes) }

func (c *batchConn) end() {
	_ = c.batch.Flush()
	c.batch = nil
}

func (c *batchConn) Write(data []byte) (int, error) {
	if c.batch != nil {
		return c.batch.Write(data)
	}
	return c.Conn.Write(data)
}
