package unpack

import (
	"archive/zip"
	"bytes"
	"compress/flate"
	"crypto/aes"
	"crypto/cipher"
	"crypto/hmac"
	"crypto/pbkdf2"
	"crypto/sha1" //nolint:gosec // WinZip's encryption uses it
	"crypto/subtle"
	"encoding/binary"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
)

// Suppliers send archives with a password, and no well-maintained library reads them, so this file
// implements the two ways to encrypt them. Sources: PKWARE APPNOTE 6.3.10, chapter 6 (ZipCrypto), and
// WinZip's "AES Encryption Information" (AE-1 and AE-2).

const encryptedFlag, descriptorFlag = 1, 8

// methodAES means that the compression method is in the extra field aesField.
const (
	methodAES = 99
	aesField  = 0x9901
)

// openEncrypted opens a file in an archive with a password.
func openEncrypted(f *zip.File, secret func() (io.ReadCloser, error)) (io.Reader, error) {
	password, err := passwordOf(secret)
	if err != nil {
		return nil, err
	}
	raw, err := f.OpenRaw()
	if err != nil {
		return nil, damaged("zip-bestand", err)
	}
	method, checked := f.Method, true
	var plain io.Reader
	if f.Method == methodAES {
		plain, method, checked, err = openAES(raw, f, password)
	} else {
		plain, err = openZipCrypto(raw, f, password)
	}
	if err != nil {
		return nil, err
	}
	switch method {
	case zip.Store:
	case zip.Deflate:
		packed := plain
		plain = &endReader{Reader: flate.NewReader(packed), atEnd: func() error {
			_, err := io.Copy(io.Discard, packed) // so that the authentication code is verified
			return err
		}}
	default:
		return nil, &RefusedError{Reason: fmt.Sprintf("het zip-bestand is ingepakt op een manier die wij niet lezen (%d); lever het gewoon ingepakt", method)}
	}
	if !checked {
		return plain, nil
	}
	sum := crc32.NewIEEE()
	return &endReader{Reader: io.TeeReader(plain, sum), atEnd: func() error {
		if sum.Sum32() != f.CRC32 {
			return errors.New("the content has the wrong checksum")
		}
		return nil
	}}, nil
}

// passwordOf reads the password named by the contract: the first line of its file.
func passwordOf(secret func() (io.ReadCloser, error)) (string, error) {
	file, err := secret()
	if err == nil && file == nil {
		return "", &RefusedError{Reason: "het zip-bestand heeft een wachtwoord, maar het contract noemt er geen"}
	}
	var text []byte
	if err == nil {
		text, err = io.ReadAll(io.LimitReader(file, maxKeyFile))
		err = errors.Join(err, file.Close())
	}
	line, _, _ := bytes.Cut(text, []byte("\n"))
	line = bytes.TrimSuffix(line, []byte("\r"))
	if err != nil || len(line) == 0 {
		return "", &RefusedError{Reason: "het zip-bestand heeft een wachtwoord, en ons wachtwoord is niet te lezen", Ours: true, Err: err}
	}
	return string(line), nil
}

var errWrongPassword = &RefusedError{Reason: "het zip-bestand gaat niet open met het wachtwoord in het contract; spreek het wachtwoord opnieuw af"}

// zipCrypto is the state of the PKWARE cipher.
type zipCrypto [3]uint32

func newZipCrypto(password string) *zipCrypto {
	z := &zipCrypto{0x12345678, 0x23456789, 0x34567890}
	for i := range len(password) {
		z.update(password[i])
	}
	return z
}

func (z *zipCrypto) update(plain byte) {
	z[0] = crc32.IEEETable[byte(z[0])^plain] ^ z[0]>>8
	z[1] = (z[1]+z[0]&0xff)*134775813 + 1
	z[2] = crc32.IEEETable[byte(z[2])^byte(z[1]>>24)] ^ z[2]>>8
}

func (z *zipCrypto) decrypt(p []byte) {
	for i, c := range p {
		t := z[2]&0xffff | 2
		p[i] = c ^ byte(t*(t^1)>>8)
		z.update(p[i])
	}
}

func openZipCrypto(raw io.Reader, f *zip.File, password string) (io.Reader, error) {
	z := newZipCrypto(password)
	head := make([]byte, 12)
	if _, err := io.ReadFull(raw, head); err != nil {
		return nil, damaged("zip-bestand", err)
	}
	z.decrypt(head)
	check := byte(f.CRC32 >> 24)
	if f.Flags&descriptorFlag != 0 { // the checksum was unknown when the header was written
		check = byte(f.ModifiedTime >> 8)
	}
	if head[11] != check {
		return nil, errWrongPassword
	}
	return &decipherReader{Reader: raw, decipher: z.decrypt}, nil
}

// openAES opens a file encrypted as WinZip does. It returns the compression method and whether the
// archive has a checksum of the content: AE-2 omits it.
func openAES(raw io.Reader, f *zip.File, password string) (plain io.Reader, method uint16, checked bool, err error) {
	field := extraField(f.Extra, aesField)
	if len(field) < 7 || string(field[2:4]) != "AE" || field[4] < 1 || field[4] > 3 {
		return nil, 0, false, &RefusedError{Reason: "het zip-bestand is versleuteld op een manier die wij niet kennen; gebruik AES-256"}
	}
	key := 8 * (int(field[4]) + 1) // bytes: 16, 24 or 32
	head := make([]byte, key/2+2)
	if _, err := io.ReadFull(raw, head); err != nil {
		return nil, 0, false, damaged("zip-bestand", err)
	}
	salt, verification := head[:key/2], head[key/2:]
	const rounds = 1000
	keys, err := pbkdf2.Key(sha1.New, password, salt, rounds, 2*key+2)
	if err != nil {
		return nil, 0, false, fmt.Errorf("make the keys of a zip: %w", err)
	}
	if subtle.ConstantTimeCompare(keys[2*key:], verification) != 1 {
		return nil, 0, false, errWrongPassword
	}
	const signature = 10
	size := int64(f.CompressedSize64) - int64(len(head)) - signature //nolint:gosec // archive/zip refuses sizes beyond the file
	if size < 0 {
		return nil, 0, false, damaged("zip-bestand", io.ErrUnexpectedEOF)
	}
	block, err := aes.NewCipher(keys[:key])
	if err != nil {
		return nil, 0, false, fmt.Errorf("make the keys of a zip: %w", err)
	}
	encrypted := &io.LimitedReader{R: raw, N: size}
	mac := hmac.New(sha1.New, keys[key:2*key])
	signed := &endReader{Reader: io.TeeReader(encrypted, mac), atEnd: func() error {
		want := make([]byte, signature)
		if _, err := io.ReadFull(raw, want); encrypted.N != 0 || err != nil {
			return io.ErrUnexpectedEOF
		}
		if !hmac.Equal(mac.Sum(nil)[:signature], want) {
			return errors.New("the encrypted data fails authentication")
		}
		return nil
	}}
	counter := &littleEndianCounter{block: block, used: aes.BlockSize}
	return &decipherReader{Reader: signed, decipher: counter.xor}, binary.LittleEndian.Uint16(field[5:]), binary.LittleEndian.Uint16(field) == 1, nil
}

func extraField(extra []byte, id uint16) []byte {
	for len(extra) >= 4 {
		size := int(binary.LittleEndian.Uint16(extra[2:]))
		if len(extra) < 4+size {
			return nil
		}
		if binary.LittleEndian.Uint16(extra) == id {
			return extra[4 : 4+size]
		}
		extra = extra[4+size:]
	}
	return nil
}

// A decipherReader decrypts in place.
type decipherReader struct {
	io.Reader
	decipher func([]byte)
}

func (d *decipherReader) Read(p []byte) (int, error) {
	n, err := d.Reader.Read(p)
	d.decipher(p[:n])
	return n, err
}

// A littleEndianCounter is AES in counter mode with WinZip's counter: from 1, little-endian.
type littleEndianCounter struct {
	block  cipher.Block
	count  [aes.BlockSize]byte
	stream [aes.BlockSize]byte
	used   int // bytes of stream
}

func (c *littleEndianCounter) xor(p []byte) {
	for i := range p {
		if c.used == aes.BlockSize {
			for j := range c.count {
				c.count[j]++
				if c.count[j] != 0 {
					break
				}
			}
			c.block.Encrypt(c.stream[:], c.count[:])
			c.used = 0
		}
		p[i] ^= c.stream[c.used]
		c.used++
	}
}

// An endReader calls atEnd once when its source ends. An error of atEnd takes the place of the end.
type endReader struct {
	io.Reader
	atEnd func() error
	done  bool
}

func (e *endReader) Read(p []byte) (int, error) {
	n, err := e.Reader.Read(p)
	if errors.Is(err, io.EOF) && !e.done {
		if fault := e.atEnd(); fault != nil {
			return n, fault
		}
		e.done = true
	}
	return n, err
}
